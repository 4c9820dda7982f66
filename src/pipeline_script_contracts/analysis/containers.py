"""The contents of lists, sets and dicts: known item by item as long as possible, then as a summary."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TypeAlias

from .atoms import NOTHING, Const, EnumMember, Value
from .values import join, join_all

MAX_ITEMS = 400


class ListState:
    """The content of a list or set. It is never changed.

    Attributes:
        items: The items in order, None when their number is not known.
        rest: What any item may be when their number is not known.
    """

    __slots__ = ("items", "rest")

    def __init__(self, items: tuple[Value, ...] | None = (), rest: Value = NOTHING) -> None:
        self.items = items
        self.rest = rest

    def __eq__(self, other: object) -> bool:
        return type(other) is ListState and self.items == other.items and self.rest == other.rest

    @property
    def element(self) -> Value:
        """What any one item may be."""
        return self.rest if self.items is None else join_all(self.items)

    def summary(self, more: Value = NOTHING) -> ListState:
        """The same content, and `more`, with the number of items forgotten."""
        return ListState(None, join(self.element, more))

    def append(self, item: Value) -> ListState:
        """The content after an append."""
        if self.items is None or len(self.items) >= MAX_ITEMS:
            return self.summary(item)
        return ListState((*self.items, item))


class DictState:
    """The content of a dict. It is never changed.

    Attributes:
        entries: Constant key to value, in order.
        certain: The keys that are there on every way.
        rest: What a value under a key that is not known may be; empty when there is none.
        rest_keys: What such a key may be.
    """

    __slots__ = ("certain", "entries", "rest", "rest_keys")

    def __init__(
        self,
        entries: dict[Hashable, Value],
        certain: frozenset[Hashable] = frozenset(),
        rest: Value = NOTHING,
        rest_keys: Value = NOTHING,
    ) -> None:
        self.entries = entries
        self.certain = certain
        self.rest = rest
        self.rest_keys = rest_keys

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is DictState
            and self.entries == other.entries
            and self.certain == other.certain
            and self.rest == other.rest
            and self.rest_keys == other.rest_keys
        )

    @property
    def element(self) -> Value:
        """What any one value may be."""
        return join(join_all(self.entries.values()), self.rest)

    @property
    def keys(self) -> Value:
        """What any one key may be."""
        return join(join_all((key_value(key),) for key in self.entries), self.rest_keys)

    @property
    def is_exact(self) -> bool:
        """True when exactly these keys are there."""
        return not self.rest and not self.rest_keys and len(self.certain) == len(self.entries)

    def set(self, key: Hashable, value: Value) -> DictState:
        """The content after an assignment to a known key."""
        return DictState({**self.entries, key: value}, self.certain | {key}, self.rest, self.rest_keys)

    def set_unknown(self, key: Value, value: Value) -> DictState:
        """The content after an assignment to a key that is not known."""
        entries = {each: join(old, value) for each, old in self.entries.items()}
        return DictState(entries, self.certain, join(self.rest, value), join(self.rest_keys, key))

    def maybe(self, key: Hashable, value: Value) -> DictState:
        """The content after an assignment that may not happen."""
        return DictState(
            {**self.entries, key: join(self.entries.get(key, NOTHING), value)},
            self.certain,
            self.rest,
            self.rest_keys,
        )

    def remove(self, key: Hashable) -> DictState:
        """The content after a key was removed."""
        entries = {each: value for each, value in self.entries.items() if each != key}
        return DictState(entries, self.certain - {key}, self.rest, self.rest_keys)

    def without(self, keys: tuple[Hashable | None, ...], certain: bool = True) -> DictState:
        """The content after one of several keys was removed, or perhaps; None stands for one that is not known."""
        if certain and len(keys) == 1 and keys[0] is not None:
            return self.remove(keys[0])
        left = frozenset() if None in keys else self.certain - set(keys)
        return DictState(self.entries, left, self.rest, self.rest_keys)


State: TypeAlias = ListState | DictState


@dataclass(frozen=True)
class MemberKey:
    """An enum member as a key."""

    member: EnumMember


def key_of(atom: object) -> Hashable | None:
    """Gives the key that an atom stands for in a dict, or None where it is not a constant."""
    if isinstance(atom, Const):
        return (type(atom.value) if isinstance(atom.value, bool) else None, atom.value)
    if isinstance(atom, EnumMember):
        return MemberKey(atom)
    return None


def key_value(key: Hashable) -> Const | EnumMember:
    """Gives the atom that a key stands for."""
    if isinstance(key, MemberKey):
        return key.member
    assert isinstance(key, tuple)
    return Const(key[1])


def text_key(text: str) -> Hashable:
    """Gives the key of a string."""
    return (None, text)


def join_states(left: State, right: State) -> State:
    """Joins the contents of one container on two ways."""
    if isinstance(left, DictState) and isinstance(right, DictState):
        entries = dict(left.entries)
        for key, value in right.entries.items():
            entries[key] = join(entries[key], value) if key in entries else value
        return DictState(
            entries, left.certain & right.certain, join(left.rest, right.rest), join(left.rest_keys, right.rest_keys)
        )
    mine = left.items if isinstance(left, ListState) else None
    others = right.items if isinstance(right, ListState) else None
    if mine is not None and others is not None and len(mine) == len(others):
        return ListState(tuple(join(a, b) for a, b in zip(mine, others, strict=True)))
    return ListState(None, join(left.element, right.element))
