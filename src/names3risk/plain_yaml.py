"""YAML without the surprises of YAML 1.1: `no` and `NO` are words, `0123` is 123, a repeated key is an error.

The pipeline packages read their files by the same rules, so that a column schema means the same to both.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
_SCALARS = {
    "null": (r"|~|null|Null|NULL", ["", "~", "n", "N"]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+", list("-+0123456789")),
    "float": (r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
    "merge": (r"<<", ["<"]),
}


def load_plain_yaml(text: str) -> Any:
    """Gives the content of a YAML (or JSON) text: mappings, lists, strings, numbers, booleans and None.

    Raises:
        yaml.YAMLError: The text is not YAML, or repeats a key.
    """
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - it makes plain values only, as the safe loader does


def dump_plain_yaml(value: Any) -> str:
    """Gives plain values as YAML, keys in their order, that reads the same by the rules of YAML 1.1 and by these.

    Args:
        value: Mappings, lists, strings, numbers, booleans and None.
    """
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


class _Dumper(yaml.SafeDumper):
    """Quotes what looks like a number here, such as `1e5`, beside what looks like one to YAML 1.1."""


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != f"{_TAG}merge":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} occurs twice; keep one", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _integer(_: _Loader, node: yaml.ScalarNode) -> int:
    return int(node.value)


_Loader.yaml_implicit_resolvers = {}  # those of YAML 1.1
for _name, (_pattern, _starts) in _SCALARS.items():
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(f"(?:{_pattern})$"), _starts)
    _Dumper.add_implicit_resolver(f"{_TAG}{_name}", re.compile(f"(?:{_pattern})$"), _starts)
_Loader.add_constructor(f"{_TAG}int", _integer)
