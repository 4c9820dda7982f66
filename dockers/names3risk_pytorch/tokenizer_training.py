"""Processing script: trains the tokenizer on the text columns of the training split."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from names3risk.container import container_job
from names3risk.data.parts import load_texts
from names3risk.text.tokenizer import TokenizerSettings, save_tokenizer, train_tokenizer

MOST_ROWS = 1_000_000
"""Rows of a larger split that are learned from, spread evenly over it."""


def main(
    input_paths: Mapping[str, str | Path],
    output_paths: Mapping[str, str | Path],
    environ_vars: Mapping[str, str],
    job_args: argparse.Namespace,
) -> None:
    """Trains and saves the tokenizer.

    Args:
        input_paths: `train_data`, the training split.
        output_paths: `model_artifacts_output`, for tokenizer.json, vocab.json and tokenizer_report.json.
        environ_vars: Nothing is read from it.
        job_args: The settings of the search for a vocabulary size.
    """
    texts = load_texts(input_paths["train_data"], MOST_ROWS)
    settings = TokenizerSettings(
        target_compression=job_args.target_compression,
        min_frequency=job_args.min_frequency,
        min_vocab_size=job_args.min_vocab_size,
        max_vocab_size=job_args.max_vocab_size,
        seed=job_args.seed,
    )
    tokenizer, report = train_tokenizer(texts, settings)
    save_tokenizer(tokenizer, output_paths["model_artifacts_output"], report)


def parse_arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target_compression", type=float, default=2.5, help="Wanted characters a token.")
    parser.add_argument("--min_frequency", type=int, default=25, help="Rarer pairs are not merged.")
    parser.add_argument("--min_vocab_size", type=int, default=1000, help="Smallest vocabulary of the search.")
    parser.add_argument("--max_vocab_size", type=int, default=50000, help="Largest vocabulary of the search.")
    parser.add_argument("--seed", type=int, default=0, help="Chooses the texts that the search measures on.")
    return parser.parse_args()


if __name__ == "__main__":
    with container_job() as base_dir:
        main(
            input_paths={"train_data": base_dir / "processing/input/train"},
            output_paths={"model_artifacts_output": base_dir / "processing/output"},
            environ_vars={},
            job_args=parse_arguments(),
        )
