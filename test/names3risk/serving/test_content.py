"""JSON means what the standard library says, whichever parser reads it."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from names3risk.errors import DataError
from names3risk.serving.content import JSON, JSON_LINES, read_body, write_body

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.text(),
    st.sampled_from(["\ud800", "\udc00 half", "\u2028"]),
)


@settings(max_examples=150, deadline=None)
@given(row=st.dictionaries(st.text(), values, max_size=6), escaped=st.booleans())
def test_a_row_holds_what_the_standard_library_reads(row, escaped):
    body = json.dumps(row, ensure_ascii=escaped)
    (found,) = read_body(body, JSON)
    expected = json.loads(body)
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert type(found[name]) is type(value)
        assert found[name] == value or math.isnan(value)


@settings(max_examples=150, deadline=None)
@given(text=st.from_regex(r"\A-?[0-9]{1,25}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?\Z"))
def test_a_number_is_the_one_nearest_to_its_digits(text):
    body = f'{{"a": {text}}}'
    try:
        expected = json.loads(body)["a"]
    except json.JSONDecodeError:
        with pytest.raises(DataError, match="not JSON"):
            read_body(body, JSON)
    else:
        found = read_body(body, JSON)[0]["a"]
        assert (type(found), found) == (type(expected), expected)


def test_of_names_given_twice_the_last_counts():
    assert read_body('{"a": 1, "a": 2}', JSON) == [{"a": 2}]


def test_bytes_may_begin_with_a_mark_and_are_utf_8():
    assert read_body(b'\xef\xbb\xbf{"a": "\xc3\xa9"}', JSON) == [{"a": "é"}]
    with pytest.raises(DataError, match="byte 8 of the body is not UTF-8"):
        read_body(b'{"a": "\xff"}', JSON)


@settings(max_examples=100, deadline=None)
@given(identity=values, score=st.floats(allow_nan=False))
def test_what_is_written_reads_as_what_it_was(identity, score):
    row = {"id": identity, "legacy-score": score, "calibrated-score": None}
    columns = {name: [value] for name, value in row.items()}
    for accept, found in ((JSON, lambda body: json.loads(body)["predictions"][0]), (JSON_LINES, json.loads)):
        body, kind = write_body(columns, accept)
        assert kind == accept
        assert json.dumps(found(body)) == json.dumps(row)
