"""Configurations in YAML: what is written is what is meant, and what is wrong is told by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ConfigDict

from names3risk import configuration
from names3risk.errors import ConfigError
from names3risk.plain_yaml import dump_plain_yaml, load_plain_yaml
from pipeline_steps.yaml_document import read_yaml


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    data: Path
    output: Path = Path("out")
    rows: int = 1


TEXTS = [
    "classes: [[no], [yes, on, N, y]]",
    "marketplaces: [NO, SE, null, ~, ]",
    "numbers: [1, -2, +3, 0123, 089, 0.5, .5, 5., 1e-3, 1E3, -1.5e+2]",
    "words: ['1', \"true\", 1_000, 0x1F, 12:30, 2020-01-01, .inf, 1.2.3, '', -, e5, =]",
    "truths: [true, True, TRUE, false, False, FALSE, tRue]",
    "nested: {a: [{b: c}, []], d: {}}\nempty:\ntext: |\n  two\n  lines\n",
    '{"lr": 1e-3, "names": ["a", null, true]}',
    "base: &base {a: 1}\nagain: *base",
    "",
    "word",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_file_means_the_same_to_the_library_and_to_pipelines(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(text)
    assert configuration.read_yaml(path, "file") == read_yaml(path).value


def test_words_stay_words_and_numbers_are_decimal() -> None:
    read = load_plain_yaml("a: [no, NO, on, y, 2020-01-01, 12:30]\nb: [0123, 1e-3]")
    assert read == {"a": ["no", "NO", "on", "y", "2020-01-01", "12:30"], "b": [123, 0.001]}


def test_merge_keys_work() -> None:
    assert load_plain_yaml("base: &b {a: 1, b: 2}\nnew: {<<: *b, b: 3}")["new"] == {"a": 1, "b": 3}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("data: a\noutptu: b", "unknown field 'outptu' (did you mean 'output'?)"),
        ("data: a\nsomething: b", "unknown field 'something'; expected the fields data, output, rows"),
        ("output: a", "data is missing"),
        ("data: a\nrows: many", "rows: Input should be a valid integer"),
        ("data: a\ndata: b", "the key 'data' occurs twice; keep one"),
        ("data: !!python/object:os.system {}", "not YAML"),
        ("data: [a", "not YAML"),
        ("- a", "not a thing; expected the fields data, output, rows"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "wanted.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        configuration.load(Wanted, path, "thing")
    assert str(error.value).startswith(f"{path}: ")
    assert told in str(error.value)


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "wanted.yaml").write_text("data: a/b.csv\noutput: /else/where")
    loaded = configuration.load(Wanted, tmp_path / "wanted.yaml", "thing")
    assert (loaded.data, loaded.output) == (tmp_path / "a" / "b.csv", Path("/else/where"))


WORDS = ["1e-05", "1e5", "1E3", "no", "0123", "0x1F", "1_000", "12:30", ".5", "~", "true", "2020-01-01", "", "<<", "é"]


@pytest.mark.parametrize("word", WORDS)
def test_what_is_written_reads_the_same_whoever_reads_it(tmp_path: Path, word: str) -> None:
    value = {"b": [word, 1e-05, 3, None, True], "a": {word: word}}
    text = dump_plain_yaml(value)
    (tmp_path / "file.yaml").write_text(text, encoding="utf-8")
    assert load_plain_yaml(text) == read_yaml(tmp_path / "file.yaml").value == yaml.safe_load(text) == value
    assert list(load_plain_yaml(text)) == ["b", "a"]
