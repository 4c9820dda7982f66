from __future__ import annotations

import polars as pl
import pytest

from names3risk.data.schema import ColumnSchema

SCHEMA = {
    "id_name": "id",
    "label": {"column": "label", "classes": [[0], [1]]},
    "text_source_fields": ["name"],
    "tab_field_list": ["amount", "visits"],
    "cat_field_list": ["payment", "country"],
}


@pytest.fixture
def schema() -> ColumnSchema:
    return ColumnSchema.parse(SCHEMA)


@pytest.fixture
def train() -> pl.DataFrame:
    """Six prepared training rows."""
    return pl.DataFrame(
        {
            "id": ["1", "2", "3", "4", "5", "6"],
            "name": ["a", "b", "c", "d", "e", "f"],
            "amount": [1.0, None, 4.0, 4.0, None, 100.0],
            "visits": [2.0, 2.0, 1.0, 1.0, 3.0, None],
            "payment": ["card", "card", "card", "gift", "gift", None],
            "country": ["US", "DE", "US", "DE", "FR", "US"],
            "label": [1, 0, 0, 1, 1, 0],
        }
    )
