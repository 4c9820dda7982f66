from __future__ import annotations

import polars as pl
import pytest

from names3risk.data.schema import ColumnSchema

ORDERS = {
    "objectId": ["o1", "o2", "o3", "o4", "o5", "o6", "o7", "o8"],
    "customerId": ["a", "b", "a", "c", "d", "e", "f", "g"],
    "orderDate": [f"2024-01-0{day}" for day in (5, 1, 2, 3, 4, 6, 7, 8)],
    "transactionDate": [f"2024-02-0{day}T10:00:00Z" for day in (5, 1, 2, 3, 4, 6, 7, 8)],
    "marketplaceCountryCode": ["US", "DE", "US", "JP", "GB", "US", "FR", "US"],
    "emailDomain": ["x.example", "y.example", None, "WWW.Amazon.example", "x.example", "", "y.example", "x.example"],
    "emailAddress": ["1@x.example", "2@y.example", "3", "4", "5", "6", "7", "8"],
    "customerName": ["Ann Lee", "", "null", "Bo", "1.0", "José", " ", "NA"],
    "status": ["F", "N", "N", "N", "I", "P", "N", "F"],
    "amount": ["1.5", "", "NaN", "4", "-2e3", "6", " 7 ", "8"],
    "visits": ["1", "2", "3", "4", "5", "6", "7", "8"],
    "payment": ["1.0", "card", "1", "", "2.50", "card", "card", "gift"],
}


@pytest.fixture
def orders() -> pl.DataFrame:
    """Eight raw orders, all columns strings as in CSV."""
    return pl.DataFrame(ORDERS)


@pytest.fixture
def roles() -> dict:
    """The roles of the orders' columns, ready to be changed."""
    return {
        "id_name": "objectId",
        "entity_name": "customerId",
        "order_time_name": "orderDate",
        "time_name": "transactionDate",
        "marketplace_name": "marketplaceCountryCode",
        "label": {"column": "status", "classes": [["N"], ["F", "I"]], "other": "drop"},
        "text_source_fields": ["emailAddress", "customerName"],
        "tab_field_list": ["amount", "visits"],
        "cat_field_list": ["payment"],
        "filters": [{"column": "emailDomain", "contains": "amazon."}],
        "split": {"train": 0.6, "val": 0.2, "test": 0.2},
    }


@pytest.fixture
def schema(roles: dict) -> ColumnSchema:
    return ColumnSchema.parse(roles)
