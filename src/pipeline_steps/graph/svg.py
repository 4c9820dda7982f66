"""A picture as SVG: steps as boxes, arrows with the output and its property path."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from pipeline_steps.graph.layout import Box, lay_out
from pipeline_steps.graph.picture import Arrow, Node, Picture

MARGIN = 24.0
TITLE_HEIGHT = 34.0
COLOURS = {
    "Processing": ("#e8f1fb", "#2f6db3"),
    "Training": ("#fdefe0", "#c46a12"),
    "Tuning": ("#fdefe0", "#c46a12"),
    "Transform": ("#e6f5f2", "#1f8573"),
    "Model": ("#e6f5f2", "#1f8573"),
    "RegisterModel": ("#e8f6e6", "#3c8a2e"),
    "Condition": ("#fbf6da", "#96810f"),
    "Fail": ("#fbe6e6", "#b53333"),
}
OTHER = ("#f0eef6", "#6a5a9c")
_NAME, _SMALL = 14.0, 11.0
_LINE = 15.0


def render_svg(picture: Picture) -> str:
    """Gives the drawing as a complete SVG document.

    Args:
        picture: What to draw.
    """
    sizes = {node.name: _node_size(node) for node in picture.nodes}
    arrows = [(arrow.source, arrow.target, _label_size(arrow)) for arrow in picture.arrows]
    layout = lay_out(sizes, arrows)
    width = max(layout.width, _text_width(picture.title, 16)) + 2 * MARGIN
    height = layout.height + 2 * MARGIN + TITLE_HEIGHT
    shift = (width - layout.width) / 2
    for box in {id(box): box for route in layout.routes for box in route}.values():
        box.x, box.y = box.x + shift, box.y + MARGIN + TITLE_HEIGHT
    for name, box in layout.steps.items():
        if not any(name in (arrow.source, arrow.target) for arrow in picture.arrows):
            box.x, box.y = box.x + shift, box.y + MARGIN + TITLE_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label={quoteattr(picture.title)} '
        'font-family="Helvetica, Arial, sans-serif">',
        '<defs><marker id="end" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L10 5L0 10z" fill="#555"/></marker></defs>',
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
        _text(picture.title, width / 2, MARGIN + 8, 16, weight="bold"),
    ]
    ports = _ports(layout.routes)
    parts += [_line(*each) for each in zip(picture.arrows, layout.routes, ports, strict=True)]
    parts += [_label(arrow, route[-2]) for arrow, route in zip(picture.arrows, layout.routes, strict=True)]
    parts += [_node(node, layout.steps[node.name]) for node in picture.nodes]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _node(node: Node, box: Box) -> str:
    fill, stroke = COLOURS.get(node.kind, OTHER)
    left, top = box.x - box.width / 2, box.y - box.height / 2
    lines = [
        f'<g><title>{escape(node.name)}</title><rect x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="8" fill="{fill}" stroke="{stroke}" stroke-width="1.5"/>',
        _text(node.name, box.x, top + 20, _NAME, weight="bold"),
        _text(node.kind, box.x, top + 36, _SMALL, colour=stroke),
    ]
    if node.detail:
        lines.append(_text(node.detail, box.x, top + 51, _SMALL, colour="#555555"))
    return "".join([*lines, "</g>"])


def _ports(routes: Sequence[list[Box]]) -> list[tuple[float, float]]:
    """Gives where each arrow leaves its source and enters its target, side by side in the order that they come in."""
    ports = [[0.0, 0.0] for _ in routes]
    for end, first, second in ((0, 0, 1), (1, -1, -2)):
        by_box: dict[int, list[int]] = {}
        for index, route in enumerate(routes):
            by_box.setdefault(id(route[first]), []).append(index)
        for group in by_box.values():
            group.sort(key=lambda index: routes[index][second].x)
            box = routes[group[0]][first]
            apart = min(30.0, (box.width - 24) / len(group))
            for place, index in enumerate(group):
                ports[index][end] = box.x + (place - (len(group) - 1) / 2) * apart
    return [(left, right) for left, right in ports]


def _line(arrow: Arrow, route: list[Box], ports: tuple[float, float]) -> str:
    points = [(ports[0], route[0].y + route[0].height / 2)]
    for box in route[1:-1]:
        points += [(box.x, box.y - box.height / 2), (box.x, box.y + box.height / 2)]
    points.append((ports[1], route[-1].y - route[-1].height / 2 - 2))
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        middle = (y1 + y2) / 2
        path += f"C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}"
    dashes = "" if arrow.is_data else ' stroke-dasharray="5 4"'
    return f'<path d="{path}" fill="none" stroke="#777777" stroke-width="1.4"{dashes} marker-end="url(#end)"/>'


def _label(arrow: Arrow, box: Box) -> str:
    left, top = box.x - box.width / 2, box.y - box.height / 2
    background = (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="3" '
        'fill="#ffffff" fill-opacity="0.94"/>'
    )
    lines, y = [background], top + 12
    for name, path in arrow.labels:
        lines.append(_text(name, box.x, y, _SMALL, colour="#222222"))
        y += _LINE
        if path:
            lines.append(_text(path, box.x, y - 2, 9.0, colour="#777777", family="monospace"))
            y += _LINE
    title = f"<title>{escape(f'{arrow.source} to {arrow.target}')}</title>"
    return f"<g>{title}{''.join(lines)}</g>"


def _text(
    text: str,
    x: float,
    y: float,
    size: float,
    *,
    weight: str = "normal",
    colour: str = "#111111",
    family: str | None = None,
) -> str:
    other = f' font-family="{family}"' if family else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" font-weight="{weight}" fill="{colour}" '
        f'text-anchor="middle"{other}>{escape(text)}</text>'
    )


def _node_size(node: Node) -> tuple[float, float]:
    widest = max(_text_width(node.name, _NAME), _text_width(node.kind, _SMALL), _text_width(node.detail, _SMALL))
    return max(widest + 28, 110), 62.0 if node.detail else 48.0


def _label_size(arrow: Arrow) -> tuple[float, float]:
    widths = [max(_text_width(name, _SMALL), len(path) * 9 * 0.61) for name, path in arrow.labels]
    lines = sum(2 if path else 1 for _, path in arrow.labels)
    return max(widths, default=0.0) + 8, lines * _LINE + 3


def _text_width(text: str, size: float) -> float:
    return len(text) * size * 0.6
