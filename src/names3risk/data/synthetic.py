"""Generated customers with the columns of a Names3Risk extract, of any number and in bounded memory.

Whether an order is fraud depends on its text (e-mail and payment names that do not match, gibberish, disposable
domains, look-alike letters), on numbers, and on both together; so neither text nor numbers alone suffice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from names3risk.data.draws import Draws, Flags, Floats
from names3risk.data.formats import output_format
from names3risk.data.people import addresses, full_names, joined, with_look_alikes
from names3risk.data.writing import TableWriter
from names3risk.errors import ConfigError
from names3risk.files import replacing

BLOCK_ROWS = 16_384
DEFAULT_NUMERIC_FEATURES = 50

_MARKETPLACES = {
    "US": ("NA", 0.34), "CA": ("NA", 0.06), "MX": ("NA", 0.04),
    "DE": ("EU", 0.15), "GB": ("EU", 0.14), "FR": ("EU", 0.07), "IT": ("EU", 0.05), "ES": ("EU", 0.04),
    "JP": ("FE", 0.08), "AU": ("FE", 0.02), "SG": ("FE", 0.01),
}  # fmt: skip
_START = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
_YEAR_SECONDS = 366 * 86_400
_REPEATED, _OPEN = 0.2, 0.03
_PAYMENT = pl.Series(["card", "debit", "gift-card", "wallet", "invoice"])
_DEVICE = pl.Series(["desktop", "ios", "android", "tablet", None])


def generate(
    rows: int, seed: int = 0, numeric_features: int = DEFAULT_NUMERIC_FEATURES, block_rows: int = BLOCK_ROWS
) -> Iterator[pl.DataFrame]:
    """Generates orders block by block.

    Args:
        rows: How many.
        seed: The same seed gives the same rows, whatever the block size; more rows begin with the same ones.
        numeric_features: How many columns `feature_0`, `feature_1`, ... there are.
        block_rows: The rows of a block.

    Yields:
        Tables of at most `block_rows` rows.

    Raises:
        ConfigError: A count is out of range.
    """
    if rows < 1 or numeric_features < 0 or block_rows < 1:
        raise ConfigError(
            f"cannot generate {rows} rows of {numeric_features} features", expected="a row or more, no negative count"
        )
    for start in range(0, rows, block_rows):
        yield _block(np.arange(start, min(rows, start + block_rows)), seed, numeric_features)


def write_synthetic(
    path: str | Path,
    rows: int,
    seed: int = 0,
    numeric_features: int = DEFAULT_NUMERIC_FEATURES,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Generates orders into a file, one block in memory at a time.

    Args:
        path: The file; .parquet, .csv or .tsv.
        rows: How many.
        seed: Decides all of them.
        numeric_features: How many numeric columns there are.
        on_progress: Called with the number of rows written so far.

    Raises:
        ConfigError: A count is out of range.
        OutputError: The file cannot be written.
    """
    output_format(path)
    with replacing(path) as temporary, TableWriter(temporary) as writer:
        for block in generate(rows, seed, numeric_features):
            writer.write(block)
            if on_progress:
                on_progress(writer.rows)


def _block(row: np.ndarray, seed: int, numeric_features: int) -> pl.DataFrame:
    order = Draws(seed, row)
    # An order is of its own customer, or of one who had the number of an earlier row.
    number = np.where(order.chance("repeated", _REPEATED), order.below("customer", np.maximum(row, 1)), row)
    customer = Draws(seed + 1, number)
    marketplace = customer.pick(
        "marketplace", pl.Series(list(_MARKETPLACES)), [weight for _, weight in _MARKETPLACES.values()]
    )
    region = marketplace.replace_strict({name: region for name, (region, _) in _MARKETPLACES.items()})
    people = full_names(customer, region, "customer")
    email, flags = addresses(customer, people, region)
    flags["look_alike"] = customer.chance("look_alike", 0.03)
    flags["other_payer"] = order.chance("other_payer", 0.15)
    flags["new"] = customer.chance("new", 0.25)
    name = with_look_alikes(joined(people), flags["look_alike"])
    amount, speed = order.normal("amount"), order.normal("speed")
    payment = order.pick("payment", _PAYMENT, [0.5, 0.2, 0.06, 0.18, 0.06])
    fraud = order.uniform("fraud") < _sigmoid(_logit(flags, amount, speed, payment))
    moment = _START + (order.uniform("time") * _YEAR_SECONDS).astype(np.int64)
    delay = order.below("delay", 3 * 86_400)
    return pl.DataFrame(
        {
            "objectId": pl.Series(row).cast(pl.String).str.zfill(12),
            "customerId": "A" + pl.Series(number).cast(pl.String).str.zfill(11),
            "transactionDate": pl.from_epoch(pl.Series(moment)).dt.cast_time_unit("us").dt.replace_time_zone("UTC"),
            "orderDate": pl.from_epoch(pl.Series(moment - delay)).dt.cast_time_unit("us").dt.replace_time_zone("UTC"),
            "marketplaceCountryCode": marketplace,
            "region": region,
            "status": _status(order, fraud),
            "emailAddress": email["email"],
            "emailDomain": email["domain"],
            "customerName": name,
            "billingAddressName": _sometimes(order, "billing", name, 0.05),
            "paymentAccountHolderName": _payer(order, name, region, flags["other_payer"]),
            "shippingAddressName": _sometimes(order, "shipping", name, 0.1),
            "paymentMethod": payment,
            "deviceType": order.pick("device", _DEVICE, [0.4, 0.25, 0.25, 0.06, 0.04]),
            "daysSinceFirstCompletedOrder": _days(customer, flags["new"]),
            **{f"feature_{k}": _feature(order, k, amount, speed) for k in range(numeric_features)},
        }
    )


def _logit(flags: dict[str, Flags], amount: Floats, speed: Floats, payment: pl.Series) -> Floats:
    text = 0.9 * flags["mismatch"] + 2.4 * flags["gibberish"] + 1.6 * flags["disposable"] + 2.6 * flags["look_alike"]
    numbers = 0.7 * amount + 0.5 * speed + 0.5 * np.abs(speed) + 0.8 * (payment == "gift-card").to_numpy()
    both = 2.0 * flags["other_payer"] * (amount > 0.3) + 1.5 * flags["disposable"] * flags["new"]
    return np.asarray(text + numbers + both + 0.6 * flags["other_payer"] + 0.5 * flags["new"] - 5.0)


def _sigmoid(value: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-value))


def _status(order: Draws, fraud: Flags) -> pl.Series:
    """F or I for fraud, N for none; some orders are still open (P) or were cancelled (C)."""
    known = np.where(fraud, np.where(order.chance("investigated", 0.3), "I", "F"), "N")
    unknown = np.where(order.chance("cancelled", 0.5), "C", "P")
    return pl.Series(np.where(order.chance("open", _OPEN), unknown, known).astype(str))


def _payer(order: Draws, name: pl.Series, region: pl.Series, other: Flags) -> pl.Series:
    payer = joined(full_names(order, region, "payer"))
    return _sometimes(order, "payment name", name.zip_with(pl.Series(~other), payer), 0.08)


def _sometimes(order: Draws, role: str, values: pl.Series, missing: float) -> pl.Series:
    return values.zip_with(pl.Series(~order.chance(f"{role}/missing", missing)), pl.Series([None], dtype=values.dtype))


def _days(customer: Draws, new: Flags) -> pl.Series:
    """Days since the first completed order, missing for new customers; a long tail."""
    days = np.floor(-400.0 * np.log1p(-customer.uniform("days")))
    return pl.Series(np.where(new, np.nan, days), nan_to_null=True)


def _feature(order: Draws, k: int, amount: Floats, speed: Floats) -> pl.Series:
    """One numeric column: the first four show what decides fraud, the others are noise of every shape."""
    name = f"feature_{k}"
    noise = order.normal(name)
    shapes: dict[int, Callable[[], Floats]] = {
        0: lambda: np.exp(3.0 + 1.2 * amount + 0.3 * noise),
        1: lambda: speed + 0.3 * noise,
        2: lambda: np.abs(speed) + 0.5 * np.abs(noise),
        3: lambda: np.floor(np.exp(0.8 * amount + 0.6 * noise)),
    }
    others: tuple[Callable[[], Floats], ...] = (
        lambda: noise,
        lambda: np.exp(2.0 * noise),
        lambda: np.floor(np.exp(1.0 + noise)),
        lambda: np.where(noise > 0.5, 100.0 * noise, 0.0),
        lambda: noise**3 * 1000.0,
    )
    values = shapes[k]() if k in shapes else others[k % len(others)]()
    missing = order.chance(f"{name}/missing", (0.0, 0.02, 0.1, 0.3)[k % 4])
    return pl.Series(np.where(missing, np.nan, values), nan_to_null=True)
