"""Pictures of pipelines."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET

import pytest

from pipeline_steps.graph import FORMATS, picture_of, render_html, render_mermaid, render_svg
from pipeline_steps.graph.layout import lay_out

SVG = "{http://www.w3.org/2000/svg}"
STEPS = ("Preprocess", "Tokenizer", "Train", "Evaluate", "Check", "Register", "Stop")


@pytest.fixture
def picture(load):
    pipeline = load()
    return picture_of(pipeline.definition(), "Small", pipeline.output_names())


def test_arrows_name_the_output_and_its_property_path(picture):
    labels = {(arrow.source, arrow.target): arrow.labels for arrow in picture.arrows}
    assert labels["Train", "Evaluate"] == [("model_output", "ModelArtifacts.S3ModelArtifacts")]
    assert labels["Preprocess", "Train"] == [
        ("processed_data", "ProcessingOutputConfig.Outputs['processed_data'].S3Output.S3Uri")
    ]
    assert labels["Check", "Stop"] == [("otherwise", "")]
    assert labels["Evaluate", "Check"] == [("Evaluation", "PropertyFiles.Evaluation")]


@pytest.mark.parametrize("output_format", list(FORMATS))
def test_every_step_and_path_is_shown_and_the_same_picture_has_the_same_bytes(picture, output_format):
    text = FORMATS[output_format](picture)
    for shown in (*STEPS, "model_output", "ModelArtifacts.S3ModelArtifacts", "pytorch_training.py"):
        assert shown in text
    assert FORMATS[output_format](picture) == text


def test_the_svg_is_well_formed_and_nothing_overlaps_or_sticks_out(picture):
    root = ET.fromstring(render_svg(picture))
    width, height = float(root.get("width")), float(root.get("height"))
    boxes = []
    for rect in list(root.iter(f"{SVG}rect"))[1:]:
        left, top = float(rect.get("x")), float(rect.get("y"))
        right, bottom = left + float(rect.get("width")), top + float(rect.get("height"))
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        boxes.append((left, top, right, bottom))
    assert len(boxes) == len(picture.nodes) + len(picture.arrows)
    for one, other in itertools.combinations(boxes, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)


def test_arrows_lead_downwards(picture):
    sizes = {node.name: (100.0, 40.0) for node in picture.nodes}
    arrows = [(arrow.source, arrow.target, (50.0, 20.0)) for arrow in picture.arrows]
    layout = lay_out(sizes, arrows)
    for source, target, _ in arrows:
        assert layout.steps[source].y < layout.steps[target].y


def test_unusual_names_are_escaped(load):
    definition = load().definition()
    definition["Steps"][0]["Name"] = 'a"<b>&c'
    ET.fromstring(render_svg(picture_of(definition, "<x> & y")))
    assert "<b>&c" not in render_html(picture_of(definition))
    assert "a#quot;#lt;b#gt;#amp;c" in render_mermaid(picture_of(definition))


def test_an_empty_and_a_lonely_pipeline_can_be_drawn():
    ET.fromstring(render_svg(picture_of({"Steps": []})))
    lonely = picture_of({"Steps": [{"Name": "A", "Type": "Fail", "Arguments": {}}]})
    assert ">A</text>" in render_svg(lonely)


def test_html_needs_nothing_else(picture):
    page = render_html(picture)
    assert page.startswith("<!doctype html>")
    for outside in ("http://", "https://", "src=", "<script", "<link"):
        assert outside not in page.replace("http://www.w3.org/2000/svg", "").replace("https://sqs", "")
