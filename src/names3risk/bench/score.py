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
from names3risk.serving.handlers import ServedModel, input_fn, output_fn, predict_fn
from names3risk.serving.networks import quantized
from names3risk.serving.predictor import Predictor
from names3risk.serving.torch_backend import PRECISIONS as BY_BACKEND
from names3risk.serving.torch_backend import TorchBackend
from names3risk.text.tokenizer import TokenizerSettings, save_tokenizer, train_tokenizer
from names3risk.training.job import run_training_job

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from names3risk.serving.rows import Encoded

WARM_UP = 30
PRECISIONS = tuple(BY_BACKEND.values())
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
    batch_rows: int = 1000
    requests: int = 500
    hyperparameters: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        import torch

        if self.device not in ("cpu", "cuda"):
            raise ConfigError(f"unknown device {self.device!r}", expected="cpu or cuda")
        if self.device == "cuda" and not torch.cuda.is_available():
            raise ConfigError("there is no GPU here", where="device cuda", mend="measure with device cpu")

    def run(
        self,
        on_result: Callable[[str], None] = lambda line: None,
        on_model: Callable[[dict[str, Any]], None] = lambda found: None,
    ) -> dict[str, Any]:
        """Measures all models.

        Args:
            on_result: Called with a line about each thing done.
            on_model: Called after each model with what is known so far, in the form of the result.

        Returns:
            The machine, the data, and for each model its measurements: times in ms, rates in rows a second.

        Raises:
            Names3RiskError: A hyperparameter is wrong.
        """
        from names3risk.bench.train import machine

        found: dict[str, Any] = {
            "machine": machine(self.device),
            "device": self.device,
            "numeric_features": self.numeric_features + 1,
            "models": {},
        }
        with tempfile.TemporaryDirectory(prefix="names3risk-bench-") as name:
            folder = Path(name)
            self._prepare(folder)
            rows = pl.concat(generate(self.batch_rows, seed=1, numeric_features=self.numeric_features))
            for model in self.models:
                on_result(f"{model}: training")
                self._train(folder, model)
                on_result(f"{model}: scoring")
                measure = self._on_gpu if self.device == "cuda" else self._on_cpu
                test = load_split(folder / "splits" / "test").frame
                found["models"][model] = measure(folder / model / "model", rows, test)
                on_model(found)
        return found

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
                rate = _rate(partial(predictor.probabilities, rows), len(rows))
                side[f"threads_{threads}"]["batch_rows_per_second"] = rate
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
        encoded = [predictor.encode_rows([row]) for row in mappings]

        def answer(body: bytes) -> object:
            return output_fn(predict_fn(input_fn(body, "application/json"), served), "application/json")

        return {
            "model_ms": _percentiles(lambda each: predictor.backend(*each), encoded, self.requests),
            "preprocessing_ms": _percentiles(lambda row: predictor.encode_rows([row]), mappings, self.requests),
            "request_ms": _percentiles(answer, bodies, self.requests),
        }

    def _on_gpu(self, model_dir: Path, rows: pl.DataFrame, test: pl.DataFrame) -> dict[str, Any]:
        """Rates of each part of the way from a table to its scores, and of the whole way."""
        onnx = Predictor.load(model_dir)
        exact, encoded, count = onnx.probabilities(test), onnx.encode(rows), len(rows)
        found: dict[str, Any] = {
            "mean_tokens": float(encoded.tokens.lengths.mean()),
            "text_rows_per_second": _rate(lambda: onnx.artifacts.text.encode(rows), count, 1),
            "features_rows_per_second": _rate(lambda: onnx.artifacts.features.transform(rows), count, 1),
        }
        for precision in PRECISIONS:
            backend = TorchBackend(load_model(model_dir, onnx.artifacts), precision)
            predictor = Predictor(onnx.artifacts, backend)
            scores = predictor.probabilities(test)
            found[precision] = {
                "batch_size": backend.batch_size,
                **_gpu_rates(backend, encoded),
                "encoded_rows_per_second": _rate(partial(predictor.encoded_probabilities, *encoded), count),
                "table_rows_per_second": _rate(partial(predictor.probabilities, rows), count, 1),
                "auroc": _auroc(test, scores),
                "largest_difference": float(_gap(scores, exact)),
            }
        return found


def _gpu_rates(backend: TorchBackend, encoded: Encoded) -> dict[str, float]:
    """Rates of the copy to the device, and of the network where the rows are there."""
    import torch

    def copy() -> None:
        if backend.hold(*encoded).tabular.is_cuda:
            torch.cuda.synchronize()

    held, count = backend.hold(*encoded), len(encoded.tokens)
    return {
        "transfer_rows_per_second": _rate(copy, count),
        "forward_rows_per_second": _rate(partial(backend.score, held), count),
    }


def table_of(found: dict[str, Any]) -> list[str]:
    """The measurements as lines of a Markdown table."""
    if found["device"] == "cuda":
        titles = ("model", "precision", "rows/s, forward", "encoded", "from the table")
        lines = _head(*titles, "AUROC", "largest difference")
        for model, sides in found["models"].items():
            for precision in PRECISIONS:
                side = sides[precision]
                rates = [f"{side[f'{what}_rows_per_second']:,.0f}" for what in ("forward", "encoded", "table")]
                lines.append(_line(model, precision, *rates, *_quality(side)))
        for model, sides in found["models"].items():
            parts = {what: sides[f"{what}_rows_per_second"] for what in ("text", "features")}
            parts["transfer"] = sides[PRECISIONS[0]]["transfer_rows_per_second"]
            lines.append(f"{model}: {', '.join(f'{what} {rate:,.0f} rows/s' for what, rate in parts.items())}")
        return lines
    times = ("network ms p50 / p90 / p99", "request ms p50 / p90 / p99")
    lines = _head("model", "backend", "threads", *times, "rows/s at once", "AUROC", "largest difference")
    for model, sides in found["models"].items():
        for backend in ("onnx", "onnx-int8"):
            for name, side in sides[backend].items():
                if name.startswith("threads_"):
                    cells = [
                        " / ".join(f"{side[what][each]:.2f}" for each in ("p50", "p90", "p99"))
                        for what in ("model_ms", "request_ms")
                    ]
                    rate = f"{side['batch_rows_per_second']:,.0f}"
                    threads = name.removeprefix("threads_")
                    lines.append(_line(model, backend, threads, *cells, rate, *_quality(sides[backend])))
    return lines


def _head(*titles: str) -> list[str]:
    return [_line(*titles), "|---" * len(titles) + "|"]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _quality(side: dict[str, Any]) -> tuple[str, str]:
    return "-" if side["auroc"] is None else f"{side['auroc']:.4f}", f"{side['largest_difference']:.1g}"


def _percentiles(
    work: Callable[[Any], object], inputs: Sequence[Any], times: int, warm_up: int = WARM_UP
) -> dict[str, float]:
    seconds = []
    for index in range(warm_up + times):
        each = inputs[index % len(inputs)]
        began = time.perf_counter()
        work(each)
        seconds.append(time.perf_counter() - began)
    found = np.percentile(1000 * np.array(seconds[warm_up:]), [50, 90, 99])
    return dict(zip(("p50", "p90", "p99"), found.tolist(), strict=True))


def _rate(work: Callable[[], object], count: int, repeats: int = 2) -> float:
    """Rows a second of the best of a few runs after one that warms up, or of the only run."""
    if repeats > 1:
        work()
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return float(count / min(seconds))


def _auroc(test: pl.DataFrame, probabilities: NDArray[np.float32]) -> float | None:
    return evaluate(test[LABEL].to_numpy(), probabilities).overall.values.get("auroc")


def _gap(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.abs(one - other).max())
