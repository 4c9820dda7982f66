"""Pictures of pipelines: Mermaid text, SVG and HTML, drawn without any other program."""

from __future__ import annotations

from collections.abc import Callable

from pipeline_steps.graph.html import render_html
from pipeline_steps.graph.mermaid import render_mermaid
from pipeline_steps.graph.picture import Picture, picture_of
from pipeline_steps.graph.svg import render_svg

FORMATS: dict[str, Callable[[Picture], str]] = {
    "mermaid": render_mermaid,
    "svg": render_svg,
    "html": render_html,
}

__all__ = ["FORMATS", "Picture", "picture_of", "render_html", "render_mermaid", "render_svg"]
