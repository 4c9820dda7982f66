"""An exported network in the forms that score faster: in 8-bit integers, and for a row that needs no padding."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PADDING_INPUTS = {b"Attention": 3, b"QAttention": 5, b"MultiHeadAttention": 4}
"""Position of the mask of valid keys among the inputs of ONNX Runtime's attention, by the operator's name."""

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

    The mask's name becomes empty, which stands for no mask, and the node's doc string takes the bytes left over: no
    length in the file changes, and nothing but ONNX Runtime is needed.

    Args:
        network: The file of an exported network.

    Returns:
        The new network's file, right for batches without padding only; None where the network has no attention.
    """
    changed = bytearray(network)
    for graph in _fields(network, GRAPH, 0, len(network)):
        for node in _fields(network, NODE, graph.start, graph.stop):
            operator = next(_fields(network, OP_TYPE, *node[1:]))
            position = PADDING_INPUTS.get(network[operator.start : operator.stop])
            if position is not None:
                mask = list(_fields(network, INPUT, *node[1:]))[position]
                # Tag, length 0; tag of the doc string, its length in two bytes, and as many spaces.
                spaces = mask.stop - mask.tag - 5
                length = bytes([spaces & 127 | 128, spaces >> 7])
                changed[mask.tag + 1 : mask.stop] = bytes([0, DOC_STRING << 3 | _BYTES]) + length + b" " * spaces
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
