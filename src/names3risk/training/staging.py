"""Splits that a GPU has no room for: batches are gathered on the host and copied while the step before them runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import torch

from names3risk.data.datasets import Batch, EncodedSplit

RESIDENT_SHARE = 0.4
"""Share of a GPU's free memory that a split may take; the rest is for the network and its steps."""


def free_memory(device: torch.device) -> int | None:
    """Bytes that are free on a GPU; None where rows are in the host's memory anyway."""
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else None


def fits(split: object, device: torch.device, free: Callable[[torch.device], int | None] = free_memory) -> bool:
    """Whether a split may be held on the device of the model.

    Args:
        split: The split; only encoded ones are measured.
        device: The device.
        free: Tells how many bytes are free.
    """
    room = free(device)
    return room is None or not isinstance(split, EncodedSplit) or split.nbytes <= RESIDENT_SHARE * room


class Staging:
    """Copies batches to a device beside its other work: from pinned memory, on a stream of their own.

    Args:
        device: Where batches go.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]

    def send(self, batch: Batch) -> tuple[Batch, torch.cuda.Event | None]:
        """Begins to copy a batch; gives it, and what to wait for before it is read."""
        if self.stream is None:
            return batch.build({name: tensor.to(self.device) for name, tensor in batch.tensors.items()}), None
        with torch.cuda.stream(self.stream):
            tensors = {
                name: tensor.pin_memory().to(self.device, non_blocking=True) for name, tensor in batch.tensors.items()
            }
            return batch.build(tensors), self.stream.record_event()

    def receive(self, batch: Batch, copied: torch.cuda.Event | None) -> Batch:
        """Makes the device's next work wait for the copy."""
        if copied is not None:
            current = torch.cuda.current_stream(self.device)
            current.wait_event(copied)
            for tensor in batch.tensors.values():
                tensor.record_stream(current)  # its memory stays until that work is done
        return batch


def one_ahead(batches: Iterable[Batch], device: torch.device) -> Iterator[Batch]:
    """Batches on a device; while one is worked on, the next is gathered and copied by another thread.

    Args:
        batches: Batches in the host's memory.
        device: Where they are wanted.
    """
    staging, source = Staging(device), iter(batches)

    def following() -> tuple[Batch, torch.cuda.Event | None] | None:
        batch = next(source, None)
        return None if batch is None else staging.send(batch)

    with ThreadPoolExecutor(1, "batches") as thread:
        coming = thread.submit(following)
        while (sent := coming.result()) is not None:
            coming = thread.submit(following)
            yield staging.receive(*sent)
