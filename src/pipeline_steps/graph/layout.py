"""Where boxes go: layers from top to bottom, in an order with few crossings, labels in layers of their own.

The method of Sugiyama, Tagawa and Toda (1981): layers by the longest path, stand-ins where an arrow passes a layer,
order by barycentres, and places that are as near to their neighbours as the boxes beside allow.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

GAP = 28.0
LAYER_GAP = 34.0
SWEEPS = 12


@dataclass
class Box:
    """Something that takes room in a layer: a step, a label, or a stand-in for an arrow that passes.

    Args:
        width: Its width.
        height: Its height.
        x: The place of its centre from the left.
        y: The place of its centre from the top.
    """

    width: float
    height: float
    x: float = 0.0
    y: float = 0.0
    layer: int = 0
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Layout:
    """The places of all boxes.

    Args:
        width: The width of the whole.
        height: The height of the whole.
        steps: The box of each step.
        routes: For each arrow, the boxes it passes from source to target; the last but one is its label.
    """

    width: float
    height: float
    steps: Mapping[str, Box]
    routes: Sequence[list[Box]]


def lay_out(sizes: Mapping[str, tuple[float, float]], arrows: Sequence[tuple[str, str, tuple[float, float]]]) -> Layout:
    """Gives every step and every label a place.

    Args:
        sizes: Width and height of each step.
        arrows: Source, target, and width and height of the label of each arrow; they form no cycle.
    """
    boxes = [Box(*size) for size in sizes.values()]
    index = {name: position for position, name in enumerate(sizes)}
    for name, layer in _layers(list(sizes), [(source, target) for source, target, _ in arrows]).items():
        boxes[index[name]].layer = 2 * layer
    routes: list[list[int]] = []
    for source, target, label in arrows:
        route = [index[source]]
        first, last = boxes[index[source]].layer + 1, boxes[index[target]].layer
        for layer in range(first, last):
            size = label if layer == last - 1 else (2.0, 0.0)
            boxes.append(Box(*size, layer=layer))
            route.append(len(boxes) - 1)
        route.append(index[target])
        for upper, lower in itertools.pairwise(route):
            boxes[upper].below.append(lower)
            boxes[lower].above.append(upper)
        routes.append(route)
    layers = _ordered(boxes)
    _place(boxes, layers)
    width = max((box.x + box.width / 2 for box in boxes), default=0.0)
    height = max((box.y + box.height / 2 for box in boxes), default=0.0)
    steps = {name: boxes[position] for name, position in index.items()}
    return Layout(width, height, steps, [[boxes[position] for position in route] for route in routes])


def _layers(names: list[str], pairs: list[tuple[str, str]]) -> dict[str, int]:
    waiting = dict.fromkeys(names, 0)
    following: dict[str, list[str]] = {name: [] for name in names}
    for source, target in pairs:
        waiting[target] += 1
        following[source].append(target)
    layer = dict.fromkeys(names, 0)
    ready = [name for name in names if waiting[name] == 0]
    for name in ready:
        for target in following[name]:
            layer[target] = max(layer[target], layer[name] + 1)
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    return layer


def _ordered(boxes: list[Box]) -> list[list[int]]:
    layers: list[list[int]] = [[] for _ in range(max((box.layer for box in boxes), default=-1) + 1)]
    for position, box in enumerate(boxes):
        layers[box.layer].append(position)
    best, fewest = [list(layer) for layer in layers], _crossings(boxes, layers)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        rank = {position: place for layer in layers for place, position in enumerate(layer)}
        for layer in layers if downwards else reversed(layers):

            def barycentre(
                position: int, *, downwards: bool = downwards, rank: dict[int, int] = rank
            ) -> tuple[float, int]:
                near = boxes[position].above if downwards else boxes[position].below
                mean = sum(rank[each] for each in near) / len(near) if near else float(rank[position])
                return mean, rank[position]

            layer.sort(key=barycentre)
            rank.update({position: place for place, position in enumerate(layer)})
        crossings = _crossings(boxes, layers)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _crossings(boxes: list[Box], layers: list[list[int]]) -> int:
    rank = {position: place for layer in layers for place, position in enumerate(layer)}
    total = 0
    for layer in layers:
        ends = [sorted(rank[each] for each in boxes[position].below) for position in layer]
        flat = [end for group in ends for end in group]
        total += sum(1 for index, end in enumerate(flat) for other in flat[index + 1 :] if other < end)
    return total


def _place(boxes: list[Box], layers: list[list[int]]) -> None:
    top = 0.0
    for layer in layers:
        height = max(boxes[position].height for position in layer)
        left = 0.0
        for position in layer:
            box = boxes[position]
            box.height = box.height or height  # an arrow that passes a layer goes straight down through it
            box.y = top + height / 2
            box.x = left + box.width / 2
            left += box.width + GAP
        top += height + LAYER_GAP
    for sweep in range(2 * SWEEPS):
        downwards = sweep % 2 == 0
        for layer in layers if downwards else reversed(layers):
            wanted = []
            for position in layer:
                box = boxes[position]
                near = box.above if downwards else box.below
                wanted.append(sum(boxes[each].x for each in near) / len(near) if near else box.x)
            for position, x in zip(layer, _apart([boxes[each] for each in layer], wanted), strict=True):
                boxes[position].x = x
    left = min((box.x - box.width / 2 for box in boxes), default=0.0)
    for box in boxes:
        box.x -= left


def _apart(row: list[Box], wanted: list[float]) -> list[float]:
    """Gives places as near to the wanted ones as the widths allow: least squares, by pooling neighbours that clash."""
    offsets = [0.0]
    for left, right in itertools.pairwise(row):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + GAP)
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        mean, count = want - offset, 1
        while pools and pools[-1][0] > mean:
            other, size = pools.pop()
            mean, count = (mean * count + other * size) / (count + size), count + size
        pools.append((mean, count))
    starts = [mean for mean, count in pools for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]
