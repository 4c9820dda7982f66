"""YAML without the surprises of YAML 1.1: `no` and `on` are words, `0123` is 123, a repeated key is an error.

PyYAML is imported only where a YAML file is read or written, since contracts need no more than pydantic.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_TAG = "tag:yaml.org,2002:"
_SCALARS = {
    "null": (r"|~|null|Null|NULL", ["", "~", "n", "N"]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+", list("-+0123456789")),
    "float": (r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", list("-+.0123456789")),
    "merge": (r"<<", ["<"]),
}


def load_plain_yaml(text: str) -> Any:
    """Gives the content of a YAML text: mappings, lists, strings, numbers, booleans and None.

    Raises:
        yaml.YAMLError: The text is not YAML, or repeats a key.
    """
    import yaml

    return yaml.load(text, Loader=_loader())  # noqa: S506 - it makes plain values only, as the safe loader does


def dump_plain_yaml(value: Any) -> str:
    """Gives plain values as YAML, keys in their order, that reads the same by the rules of YAML 1.1 and by these.

    Args:
        value: Mappings, lists, strings, numbers, booleans and None.
    """
    import yaml

    return yaml.dump(value, Dumper=_dumper(), sort_keys=False, allow_unicode=True)


@cache
def _loader() -> type[Any]:
    import yaml

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            seen = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.tag != f"{_TAG}merge":
                    if key.value in seen:
                        problem = f"the key {key.value!r} occurs twice; keep one"
                        raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                    seen.add(key.value)
            return super().construct_mapping(node, deep)

    Loader.yaml_implicit_resolvers = {}  # those of YAML 1.1
    Loader.add_constructor(f"{_TAG}int", lambda _, node: int(node.value))
    return _with_scalars(Loader)


@cache
def _dumper() -> type[Any]:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Quotes what looks like a number here, such as `1e5`, beside what looks like one to YAML 1.1."""

    return _with_scalars(Dumper)


def _with_scalars(worker: Any) -> type[Any]:
    for name, (pattern, starts) in _SCALARS.items():
        worker.add_implicit_resolver(f"{_TAG}{name}", re.compile(f"(?:{pattern})$"), starts)
    return worker  # type: ignore[no-any-return]
