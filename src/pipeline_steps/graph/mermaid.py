"""A picture as Mermaid text, which GitHub and many editors draw."""

from __future__ import annotations

from pipeline_steps.graph.picture import Picture


def render_mermaid(picture: Picture) -> str:
    """Gives a flowchart from top to bottom.

    Args:
        picture: What to draw.
    """
    identities = {node.name: f"s{index}" for index, node in enumerate(picture.nodes)}
    lines = ["---", f"title: {_quoted(picture.title)}", "---", "flowchart TB"]
    for node in picture.nodes:
        texts = [f"<b>{_escaped(node.name)}</b>", _escaped(node.kind), _escaped(node.detail)]
        left, right = ('{"', '"}') if node.kind == "Condition" else ('["', '"]')
        lines.append(f"    {identities[node.name]}{left}{'<br/>'.join(text for text in texts if text)}{right}")
    for arrow in picture.arrows:
        texts = [_escaped(part) for label in arrow.labels for part in label if part]
        line = "-->" if arrow.is_data else "-.->"
        source, target = identities[arrow.source], identities[arrow.target]
        lines.append(f'    {source} {line}|"{"<br/>".join(texts)}"| {target}')
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    replaced = text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
    return replaced.replace("\n", " ")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
