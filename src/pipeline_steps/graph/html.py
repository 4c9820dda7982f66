"""A picture as one HTML page that needs nothing else: the drawing, and each step with its arguments."""

from __future__ import annotations

import json
from html import escape

from pipeline_steps.graph.picture import Picture
from pipeline_steps.graph.svg import render_svg
from pipeline_steps.step_graph import own_arguments

_STYLE = """
body { font-family: Helvetica, Arial, sans-serif; margin: 2rem; color: #111; }
.drawing { overflow-x: auto; border: 1px solid #ddd; border-radius: 8px; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid #ddd; vertical-align: top; }
code, pre { font-size: .85rem; }
pre { background: #f6f6f6; padding: .8rem; border-radius: 6px; overflow-x: auto; }
summary { cursor: pointer; padding: .3rem 0; }
"""


def render_html(picture: Picture) -> str:
    """Gives the page.

    Args:
        picture: What to draw.
    """
    title = escape(picture.title)
    rows = "".join(
        f"<tr><td>{escape(arrow.source)}</td><td>{escape(name)}</td><td><code>{escape(path)}</code></td>"
        f"<td>{escape(arrow.target)}</td></tr>"
        for arrow in picture.arrows
        for name, path in arrow.labels
    )
    steps = "".join(
        f"<details><summary><b>{escape(node.name)}</b> {escape(node.kind)} {escape(node.detail)}</summary>"
        f"<pre>{escape(json.dumps(own_arguments(dict(node.step)), indent=2, ensure_ascii=False))}</pre></details>"
        for node in picture.nodes
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>\n'
        f"<style>{_STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n"
        f'<div class="drawing">{render_svg(picture)}</div>\n'
        f"<h2>What leads where</h2>\n<table><tr><th>from</th><th>output</th><th>property path</th><th>to</th></tr>"
        f"{rows}</table>\n<h2>Steps</h2>\n{steps}\n</body>\n</html>\n"
    )
