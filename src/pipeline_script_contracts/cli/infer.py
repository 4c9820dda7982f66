"""`validate_contracts infer SCRIPT`: prints the contract that the script's behaviour implies."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..plain_yaml import dump_plain_yaml
from ..settings import UsageError
from .options import Parser

if TYPE_CHECKING:
    from ..infer import Draft

_KINDS = ("inference", "processing", "training")


def run_infer(argv: Sequence[str]) -> int:
    """Runs the command.

    Args:
        argv: The arguments after `infer`.

    Returns:
        0.

    Raises:
        UsageError: The usage is wrong or the script cannot be analysed.
    """
    parser = Parser(
        prog="validate_contracts infer", description="Prints the contract that a script's behaviour implies."
    )
    parser.add_argument("script", type=Path)
    parser.add_argument("--format", choices=("python", "json", "yaml"), default="python")
    parser.add_argument("--type", choices=_KINDS, help="the kind of job; by default judged from the script")
    parser.add_argument("--name", help="name of the constant; by default made from the script's name")
    parser.add_argument("--source-root", action="append", type=Path, help="folder that local packages come from")
    arguments = parser.parse_args(argv)
    script: Path = arguments.script
    if not script.is_file():
        raise UsageError(f"{script}: no such script")
    from ..analysis import analyse
    from ..infer import infer_contract
    from ..validator import default_source_roots

    roots = arguments.source_root or default_source_roots(script)
    analysis = analyse(script, source_roots=roots)
    draft = infer_contract(analysis, arguments.type, script.parent / "requirements.txt")
    name = arguments.name or re.sub(r"\W+", "_", script.stem).strip("_").upper() + "_CONTRACT"
    print(_WRITERS[arguments.format](draft, name), end="")
    return 0


def _as_python(draft: Draft, name: str) -> str:
    contract_class = f"{draft.kind.capitalize()}ScriptContract"
    lines = [
        f'"""The contract of {draft.fields["entry_point"]}, drafted from what the script does."""',
        "",
        f"from pipeline_script_contracts import {contract_class}",
        "",
        *(f"# To decide: {remark}" for remark in draft.remarks),
        f"{name} = {contract_class}(",
        *(f"    {field}={_literal(value)}," for field, value in draft.fields.items()),
        ")",
    ]
    return "\n".join(lines) + "\n"


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        inner = "".join(f"        {_literal(key)}: {_literal(each)},\n" for key, each in value.items())
        return "{\n" + inner + "    }"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _as_json(draft: Draft, _name: str) -> str:
    return json.dumps({"type": draft.kind, **draft.fields}, indent=2, ensure_ascii=False) + "\n"


def _as_yaml(draft: Draft, _name: str) -> str:
    text = dump_plain_yaml({"type": draft.kind, **draft.fields})
    return "".join(f"# To decide: {remark}\n" for remark in draft.remarks) + text


_WRITERS = {"python": _as_python, "json": _as_json, "yaml": _as_yaml}
