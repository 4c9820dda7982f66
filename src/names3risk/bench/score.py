"""How fast a trained model scores: one row at a time, many at once, in 8-bit integers, on a GPU."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from names3risk.artifacts.store import MODEL_ONNX, load_model
from names3risk.bench.train_data import TEXT, VOCABULARY
from names3risk.data.preparation import LABEL
from names3risk.data.preprocessing import preprocess
from names3risk.data.schema import ColumnSchema
from names3risk.data.splits import load_split
from names3risk.data.synthetic import generate
from names3risk.data.writing import write_table
from names3risk.errors import ConfigError
from names3risk.evaluation.metrics import evaluate
from names3risk.hyperparameters import parse_hyperparameters
from names3risk.serving.backends import Precision, TorchBackend
from names3risk.serving.handlers import ServedModel, input_fn, output_fn, predict_fn
from names3risk.serving.networks import quantized
from names3risk.serving.predictor import Predictor, padded_batches
from names3risk.text.tokenizer import TokenizerSettings, save_tokenizer, train_tokenizer
from names3risk.training.job import run_training_job

if TYPE_CHECKING:
    from numpy.typing import NDArray

WARM_UP = 30
PRECISIONS: tuple[Precision, ...] = ("fp32", "fp16", "bf16")
NUMBERS = r"feature_\d+|daysSinceFirstCompletedOrder"


@dataclass(frozen=True)
class ScoreBenchmark:
    """Trains each model shortly on generated customers and measures how it scores.

    Args:
        models: Model classes, at the defaults of their widths and depths.
        device: cpu or cuda.
        raw_rows: Generated rows to train and test on; some are dropped by the rules of preparation.
        epochs: Epochs of the training; with 0 the quality columns say nothing.
        numeric_features: Columns `feature_0`, ...; one more number and three categories come with the data.
        batch_rows: Rows to score at once.
        requests: Rows to score one by one.
        hyperparameters: Other hyperparameters than the defaults.
    """

    models: Sequence[str] = ("lstm2risk", "transformer2risk")
    device: str = "cpu"
    raw_rows: int = 6000
    epochs: int = 2
    numeric_features: int = 207
    batch_rows: int = 2000
    requests: int = 1000
    hyperparameters: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        import torch

        if self.device not in ("cpu", "cuda"):
            raise ConfigError(f"unknown device {self.device!r}", expected="cpu or cuda")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise ConfigError("there is no GPU here", where="device cuda", mend="measure with device cpu")

    def run(self, on_result: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
        """Measures all models.

        Args:
            on_result: Called with a line about each thing done.

        Returns:
            The machine, the data, and for each model its measurements: times in ms, rates in rows a second.

        Raises:
            Names3RiskError: A hyperparameter is wrong.
        """
        from names3risk.bench.train import machine

        with tempfile.TemporaryDirectory(prefix="names3risk-bench-") as name:
            folder = Path(name)
            self._prepare(folder)
            rows = pl.concat(generate(self.batch_rows, seed=1, numeric_features=self.numeric_features))
            models = {}
            for model in self.models:
                on_result(f"{model}: training")
                self._train(folder, model)
                on_result(f"{model}: scoring")
                measure = self._on_gpu if self.device == "cuda" else self._on_cpu
                models[model] = measure(folder / model / "model", rows, load_split(folder / "splits" / "test").frame)
        return {
            "machine": machine(self.device),
            "device": self.device,
            "numeric_features": self.numeric_features + 1,
            "models": models,
        }

    def _prepare(self, folder: Path) -> None:
        schema = ColumnSchema.parse(
            {
                "id_name": "objectId",
                "entity_name": "customerId",
                "time_name": "transactionDate",
                "label": {"column": "status", "classes": [["N"], ["F", "I"]], "other": "drop"},
                "text_source_fields": TEXT,
                "tab_field_list": {"pattern": NUMBERS},
                "cat_field_list": ["emailDomain", "paymentMethod", "deviceType"],
                "split": {"train": 0.6, "val": 0.1, "test": 0.3},
            }
        )
        table = pl.concat(generate(self.raw_rows, numeric_features=self.numeric_features))
        write_table(table, folder / "raw.parquet")
        preprocess(folder / "raw.parquet", schema, folder / "splits")
        texts = load_split(folder / "splits" / "train").frame
        settings = TokenizerSettings(min_frequency=2, min_vocab_size=VOCABULARY, max_vocab_size=VOCABULARY)
        tokenizer, _ = train_tokenizer({name: texts[name] for name in TEXT}, settings)
        save_tokenizer(tokenizer, folder)

    def _train(self, folder: Path, model: str) -> None:
        splits, target = folder / "splits", folder / model
        settings = {"model_class": model, "max_epochs": self.epochs, "val_check_interval": 1.0}
        run_training_job(
            train_dir=splits / "train",
            val_dir=splits / "val",
            test_dir=splits / "test",
            hyperparameters=parse_hyperparameters({**settings, **(self.hyperparameters or {})}),
            model_dir=target / "model",
            data_dir=target / "data",
            checkpoint_dir=target / "checkpoints",
            artifacts_dir=folder,
        )

    def _on_cpu(self, model_dir: Path, rows: pl.DataFrame, test: pl.DataFrame) -> dict[str, Any]:
        found: dict[str, Any] = {}
        exact: NDArray[np.float32] | None = None
        for backend in ("onnx", "onnx-int8"):
            side: dict[str, Any] = {}
            for threads in sorted({1, os.cpu_count() or 1}):
                predictor = Predictor.load(model_dir, backend, threads)
                side[f"threads_{threads}"] = self._one_by_one(predictor, rows)
                side[f"threads_{threads}"]["batch_rows_per_second"] = _rate(predictor.probabilities, rows)
            scores = predictor.probabilities(test)
            exact = scores if exact is None else exact
            found[backend] = {**side, "auroc": _auroc(test, scores), "largest_difference": float(_gap(scores, exact))}
        plain = Predictor.load(model_dir)
        small = [rows[index] for index in range(min(len(rows), 20))]
        found["mean_tokens"] = float(plain.encode(rows).tokens.lengths.mean())
        found["one_row_as_a_table_ms"] = _percentiles(plain.predict, small, len(small), warm_up=2)
        network = model_dir / MODEL_ONNX
        found["network_bytes"] = {"onnx": network.stat().st_size, "onnx-int8": len(quantized(network))}
        return found

    def _one_by_one(self, predictor: Predictor, rows: pl.DataFrame) -> dict[str, Any]:
        """A row from the network's inputs to its outputs, from its mapping to the inputs, and from JSON to JSON."""
        served = ServedModel(predictor, None)
        mappings = rows.head(self.requests).select(predictor.needed).to_dicts()
        bodies = [json.dumps(row).encode() for row in mappings]
        inputs = []
        for row in mappings:
            tokens, tabular = predictor.encode_rows([row])
            ((_, input_ids, mask),) = padded_batches(tokens, 1)
            inputs.append((input_ids, mask, tabular))

        def answer(body: bytes) -> object:
            return output_fn(predict_fn(input_fn(body, "application/json"), served), "application/json")

        return {
            "model_ms": _percentiles(lambda each: predictor.backend(*each), inputs, self.requests),
            "preprocessing_ms": _percentiles(lambda row: predictor.encode_rows([row]), mappings, self.requests),
            "request_ms": _percentiles(answer, bodies, self.requests),
        }

    def _on_gpu(self, model_dir: Path, rows: pl.DataFrame, test: pl.DataFrame) -> dict[str, Any]:
        onnx = Predictor.load(model_dir)
        exact, encoded = onnx.probabilities(test), onnx.encode(rows)
        found: dict[str, Any] = {"mean_tokens": float(encoded.tokens.lengths.mean())}
        for precision in PRECISIONS:
            network = load_model(model_dir, onnx.artifacts)
            predictor = Predictor(onnx.artifacts, TorchBackend(network, precision))
            scores = predictor.probabilities(test)
            found[precision] = {
                "batch_size": predictor.backend.batch_size,
                "encoded_rows_per_second": _rate(partial(_score_encoded, predictor), encoded),
                "table_rows_per_second": _rate(predictor.probabilities, rows),
                "auroc": _auroc(test, scores),
                "largest_difference": float(_gap(scores, exact)),
            }
        return found


def table_of(found: dict[str, Any]) -> list[str]:
    """The measurements as lines of a Markdown table."""
    if found["device"] == "cuda":
        lines = ["| model | precision | rows/s, encoded | rows/s, from the table | AUROC | largest difference |"]
        lines.append("|---|---|---|---|---|---|")
        for model, sides in found["models"].items():
            for precision in PRECISIONS:
                side = sides[precision]
                rates = f"{side['encoded_rows_per_second']:,.0f} | {side['table_rows_per_second']:,.0f}"
                lines.append(f"| {model} | {precision} | {rates} | {_quality(side)} |")
        return lines
    titles = ("model", "backend", "threads", "network p50 / p99 ms", "request p50 / p99 ms", "rows/s at once")
    lines = [f"| {' | '.join((*titles, 'AUROC', 'largest difference'))} |", "|---" * 8 + "|"]
    for model, sides in found["models"].items():
        for backend in ("onnx", "onnx-int8"):
            for name, side in sides[backend].items():
                if name.startswith("threads_"):
                    times = [
                        f"{side[what]['p50']:.2f} / {side[what]['p99']:.2f}" for what in ("model_ms", "request_ms")
                    ]
                    cells = (model, backend, name.removeprefix("threads_"), *times)
                    rate = f"{side['batch_rows_per_second']:,.0f}"
                    lines.append(f"| {' | '.join(cells)} | {rate} | {_quality(sides[backend])} |")
    return lines


def _quality(side: dict[str, Any]) -> str:
    auroc = "-" if side["auroc"] is None else f"{side['auroc']:.4f}"
    return f"{auroc} | {side['largest_difference']:.1g}"


def _score_encoded(predictor: Predictor, encoded: Any) -> None:
    predictor.encoded_probabilities(*encoded)


def _percentiles(
    work: Callable[[Any], object], inputs: Sequence[Any], times: int, warm_up: int = WARM_UP
) -> dict[str, float]:
    seconds = []
    for index in range(warm_up + times):
        each = inputs[index % len(inputs)]
        began = time.perf_counter()
        work(each)
        seconds.append(time.perf_counter() - began)
    p50, p99 = np.percentile(1000 * np.array(seconds[warm_up:]), [50, 99])
    return {"p50": float(p50), "p99": float(p99)}


def _rate(work: Callable[[Any], object], rows: Any, repeats: int = 3) -> float:
    """Rows a second of the best of a few runs after one that warms up."""
    count = len(rows) if isinstance(rows, pl.DataFrame) else len(rows.tokens)
    work(rows)
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        work(rows)
        seconds.append(time.perf_counter() - began)
    return float(count / min(seconds))


def _auroc(test: pl.DataFrame, probabilities: NDArray[np.float32]) -> float | None:
    return evaluate(test[LABEL].to_numpy(), probabilities).overall.values.get("auroc")


def _gap(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).max())
