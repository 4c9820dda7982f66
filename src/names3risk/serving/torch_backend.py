"""PyTorch computes the probabilities, on a GPU where there is one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from names3risk.data.datasets import BatchSource, EncodedSplit, plan_scoring
from names3risk.text.ragged import RaggedTokens
from names3risk.training.execution import Execution, Precision

PRECISIONS: dict[str, Precision] = {"": "fp32", "tf32": "tf32", "bf16": "bf16", "fp16": "fp16"}
"""By what follows `torch` in the name of a backend."""


class TorchBackend:
    """The PyTorch network, on a GPU where there is one.

    Rows are held on the device as they are; batches of similar length are gathered there, and nothing waits for it
    before the last of them.

    Args:
        model: The network.
        precision: fp32 as in evaluation; the others are faster on a GPU and move scores a little.
    """

    def __init__(self, model: nn.Module, precision: Precision = "fp32") -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.batch_size = 8192 if self.device.type == "cuda" else 256
        self._model = model.to(self.device).eval()
        self._execution = Execution(precision)

    def __call__(
        self,
        tokens: RaggedTokens,
        tabular: npt.NDArray[np.float32],
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> npt.NDArray[np.float32]:
        """Scores rows, see `Backend`; on a GPU progress tells of rows that it was given."""
        return self.score(self.hold(tokens, tabular), on_progress)

    def hold(self, tokens: RaggedTokens, tabular: npt.NDArray[np.float32]) -> BatchSource:
        """Copies rows to the device.

        Args:
            tokens: Of N rows.
            tabular: Features `(N, F)`.
        """
        return BatchSource(EncodedSplit(tokens, tabular), self.device)

    def score(
        self, rows: BatchSource, on_progress: Callable[[int], None] = lambda done: None
    ) -> npt.NDArray[np.float32]:
        """The probabilities `(N, K)` of rows on the device, N at least 1."""
        plan = plan_scoring(rows.lengths, self.batch_size)
        done, pieces = 0, []
        for chosen in rows.select(plan):
            batch = rows.at(chosen.rows, chosen.length)
            pieces.append(self._probabilities(batch.input_ids, batch.attention_mask, batch.tabular))
            done += len(chosen.rows)
            on_progress(done)
        found = torch.cat(pieces).cpu().numpy()
        result = np.empty_like(found)
        result[np.concatenate(plan)] = found
        return result

    def _probabilities(self, input_ids: Tensor, attention_mask: Tensor, tabular: Tensor) -> Tensor:
        run = self._execution
        with torch.inference_mode(), run.settings(), torch.autocast(self.device.type, run.dtype, enabled=run.half):
            return torch.softmax(self._model(input_ids, attention_mask, tabular).float(), dim=1)
