"""Requirements of the images: pinned as tested, and what the scripts and the library import is among them."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMAGES = ("names3risk_pytorch", "pytorch_bsm", "xgboost")
DISTRIBUTIONS = {"yaml": "pyyaml", "sklearn": "scikit-learn"}
BY_TORCH = {"onnxscript", "tensorboard"}
"""Imported by torch.onnx and torch.utils.tensorboard on our behalf."""

WITH_TORCH = {"triton"}
"""Comes with torch where torch is built for GPUs, in the version that this torch needs; nowhere else is it imported."""


def pins(path):
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    return dict(line.split("==") for line in lines if line)


def imported(path):
    """The modules that a file imports, and the names it imports from them as if they were modules too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def file_of(module):
    path = ROOT / "src" / Path(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def foreign_packages(scripts):
    """The packages that scripts import, themselves or through the library.

    What the library's first page offers (`names3risk.train` and the like) is for programs, and loaded when first used:
    scripts take what they need from below it.
    """
    waiting, seen, foreign = list(scripts), {file_of("names3risk")}, set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for module in imported(path):
            if module.split(".")[0] != "names3risk":
                foreign.add(module.split(".")[0])
            else:
                waiting += filter(None, [file_of(module), file_of(module.rpartition(".")[0] or module)])
    return foreign - set(sys.stdlib_module_names)


@pytest.mark.parametrize("image", IMAGES)
def test_every_requirement_is_pinned_to_the_tested_version(image):
    tested = {name.lower(): version for name, version in pins(ROOT / "constraints.txt").items()}
    required = pins(ROOT / "dockers" / image / "requirements.txt")
    assert required
    assert {name: tested.get(name.lower()) for name in required} == required


@pytest.mark.parametrize("image", IMAGES)
def test_requirements_are_what_is_imported(image):
    foreign = foreign_packages((ROOT / "dockers" / image).glob("*.py"))
    required = {name.lower() for name in pins(ROOT / "dockers" / image / "requirements.txt")}
    assert {DISTRIBUTIONS.get(name, name) for name in foreign - WITH_TORCH} | BY_TORCH == required


@pytest.mark.parametrize("image", IMAGES)
def test_what_an_image_copies_is_in_the_repository_and_nothing_is_piped_to_a_shell(image):
    text = (ROOT / "dockers" / image / "Dockerfile").read_text()
    for line in re.findall(r"^COPY (.*)$", text, flags=re.MULTILINE):
        for pattern in line.split()[:-1]:
            assert list(ROOT.glob(pattern)), pattern
    assert "ARG BASE_IMAGE" in text
    assert "curl" not in text
    assert "wget" not in text
