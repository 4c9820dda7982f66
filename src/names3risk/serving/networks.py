"""An exported network in the forms that score faster: in 8-bit integers, and for a row that needs no padding."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ATTENTION = b"MultiHeadAttention"
PADDING_INPUT = 4
"""Position of the mask of valid keys among the inputs of ONNX Runtime's attention, the last one in use."""

GRAPH, NODE = 7, 1
INPUT, OP_TYPE, DOC_STRING = 1, 4, 6
"""Fields of ONNX's messages: the model's graph, the graph's nodes, and those of a node."""


def quantized(path: str | Path) -> bytes:
    """A network whose matrix products and LSTM layers take 8-bit integers, one scale a channel (dynamic quantisation).

    Args:
        path: The exported network.

    Returns:
        The new network's file; its inputs and outputs are the same.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().addFilter(_no_advice)
    try:
        with tempfile.TemporaryDirectory(prefix="names3risk-int8-") as folder:
            target = Path(folder) / "int8.onnx"
            quantize_dynamic(str(path), str(target), weight_type=QuantType.QInt8, per_channel=True)
            return target.read_bytes()
    finally:
        logging.getLogger().removeFilter(_no_advice)


def without_padding(network: bytes) -> bytes | None:
    """A network whose attention reads every position, which takes it less time than to look for padding.

    The name of the mask stays in its place and becomes the node's doc string, so that no length in the file changes
    and nothing but ONNX Runtime is needed.

    Args:
        network: The file of an exported network.

    Returns:
        The new network's file, right for batches without padding only; None where the network has no attention.
    """
    changed = bytearray(network)
    for graph in _fields(network, GRAPH, 0, len(network)):
        for node in _fields(network, NODE, graph.start, graph.stop):
            if any(network[each.start : each.stop] == ATTENTION for each in _fields(network, OP_TYPE, *node[1:])):
                mask = list(_fields(network, INPUT, *node[1:]))[PADDING_INPUT]
                changed[mask.tag] = DOC_STRING << 3 | _BYTES
    return bytes(changed) if changed != network else None


class _Field(NamedTuple):
    """Where a field of a message is in its file: its tag of one byte, and what it holds."""

    tag: int
    start: int
    stop: int


_NUMBER, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
"""Kinds of fields: a number of as many bytes as it takes, eight bytes, as many as are said before them, four bytes."""


def _fields(network: bytes, field: int, start: int, stop: int) -> Iterator[_Field]:
    """The fields of one number, all of them bytes, in a message; see protobuf's wire format."""
    while start < stop:
        begun, (tag, start) = start, _number(network, start)
        kind, end = tag & 7, start
        if kind == _NUMBER:
            end = _number(network, start)[1]
        elif kind == _BYTES:
            length, start = _number(network, start)
            end = start + length
        else:
            end += {_EIGHT: 8, _FOUR: 4}[kind]
        if tag == field << 3 | _BYTES:
            yield _Field(begun, start, end)
        start = end


def _number(network: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        byte = network[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _no_advice(record: logging.LogRecord) -> bool:
    """Keeps the quantiser's advice, and what it says of tensors that are no numbers, out of the log."""
    return record.levelno >= logging.ERROR
