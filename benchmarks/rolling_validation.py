"""How the example's hyperparameters were chosen: by time windows inside the first 70 % of the mails.

Each variant learns from the mails up to a time and is measured as far ahead as the test rows are: it learns from 35 %
and is measured on 40 to 65 %, and learns from 40 % and is measured on 45 to 70 %. The last 30 %, on which
`names3risk bench quality` reports, are never read here.

    python benchmarks/rolling_validation.py [--file mails.parquet] [--seeds 2] [--only NAME ...] [--json FILE]
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from typing import Any

from names3risk.data.preprocessing import preprocess
from names3risk.data.samples import SPAM_ASSASSIN_SCHEMA
from names3risk.data.schema import ColumnSchema
from names3risk.data.spam_assassin import load_spam_assassin
from names3risk.data.splits import Split, load_split, save_split
from names3risk.data.writing import write_table
from names3risk.files import write_json
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.text.tokenizer import TokenizerSettings, save_tokenizer, train_tokenizer
from names3risk.training.job import run_training_job

EXAMPLES = Path(__file__).parents[1] / "examples" / "hyperparameters"
WINDOWS = ((0.35, 0.40, 0.65), (0.40, 0.45, 0.70))
VOCABULARY = "vocabulary"
NOISE = {"ngram_dropout": 0.3, "token_dropout": 0.1, "field_dropout": 0.1}
NO_NOISE = dict.fromkeys(NOISE, 0.0)
VARIANTS: dict[str, dict[str, Any]] = {
    "example": {},
    "6 epochs": {"max_epochs": 6},
    "12 epochs": {"max_epochs": 12},
    "noise": NOISE,
    "no noise": NO_NOISE,
    "ngrams of 3 to 6": {"ngram_min": 3, "ngram_max": 6},
    "ngram scale 10": {"ngram_scale": 10.0},
    "quantiles": {"numeric_transform": "quantile"},
    "text dropout .5": {"text_dropout": 0.5},
    "vocabulary 150": {VOCABULARY: 150},
    "vocabulary 1000": {VOCABULARY: 1000},
    "no ngrams": {
        "ngram_max": 0,
        "ngram_min": 1,
        "ngram_buckets": 65536,
        "ngram_scale": 1.0,
        "ngram_dropout": 0.0,
        "text_dropout": 0.0,
    },
}


def main() -> None:
    """Measures the variants and prints them, best first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, help="the table of `names3risk data spam-assassin`; fetched by default")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--model", choices=["lstm2risk", "transformer2risk"], action="append")
    parser.add_argument("--only", choices=sorted(VARIANTS), action="append")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results = []
    with TemporaryDirectory(prefix="rolling-validation-") as name:
        folder = Path(name)
        table = arguments.file or folder / "mails.parquet"
        if arguments.file is None:
            write_table(load_spam_assassin(), table)
        windows = list(_windows(table, folder))
        models = arguments.model or ["lstm2risk", "transformer2risk"]
        for model, variant in itertools.product(models, arguments.only or VARIANTS):
            start = time.perf_counter()
            found = [_measure(window, model, variant, seed) for window in windows for seed in range(arguments.seeds)]
            results.append({"model": model, "variant": variant, "auroc": fmean(found), "runs": found})
            seconds = (time.perf_counter() - start) / len(found)
            runs = " ".join(f"{auroc:.4f}" for auroc in found)
            print(f"{model:17} {variant:17} {fmean(found):.4f}  ({runs}; {seconds:.0f} s a run)", flush=True)
    print("best first:")
    for result in sorted(results, key=lambda result: -result["auroc"]):
        print(f"  {result['auroc']:.4f}  {result['model']}, {result['variant']}")
    if arguments.json:
        write_json(arguments.json, results)


def _windows(table: Path, folder: Path) -> Iterator[Path]:
    """Writes the split folders of each window and gives the folder that holds them."""
    schema = ColumnSchema.load(SPAM_ASSASSIN_SCHEMA)
    preprocess(table, schema, folder / "splits")
    train, val, test = (load_split(folder / "splits" / name) for name in ("train", "val", "test"))
    rows = train.frame.height + val.frame.height + test.frame.height
    known = train.frame.vstack(val.frame).sort(schema.time_name or schema.id_name)
    for fractions in WINDOWS:
        learned, first, last = (int(fraction * rows) for fraction in fractions)
        window = folder / f"learned-from-{learned}"
        save_split(window / "learn", Split(known.head(learned), train.schema, train.format))
        save_split(window / "next", Split(known.slice(first, last - first), train.schema, train.format))
        yield window


def _measure(window: Path, model: str, variant: str, seed: int) -> float:
    changes = dict(VARIANTS[variant])
    size = changes.pop(VOCABULARY, 120)
    values = json.loads((EXAMPLES / f"{model}.json").read_text(encoding="utf-8"))
    hyperparameters = parse_hyperparameters({**values, **changes, "seed": seed})
    learn = load_split(window / "learn").frame
    settings = TokenizerSettings(min_frequency=2, min_vocab_size=size, max_vocab_size=size)
    fields = {name: learn[name] for name in load_split(window / "learn").schema.text_source_fields}
    tokenizer, report = train_tokenizer(fields, settings)
    save_tokenizer(tokenizer, window / "tokenizer", report)
    result = run_training_job(
        train_dir=window / "learn",
        val_dir=window / "next",
        test_dir=window / "next",
        hyperparameters=hyperparameters,
        model_dir=window / "model",
        data_dir=window / "data",
        checkpoint_dir=window / "checkpoints",
        artifacts_dir=window / "tokenizer",
    )
    return result.evaluations["test"].overall.values["auroc"]


if __name__ == "__main__":
    main()
