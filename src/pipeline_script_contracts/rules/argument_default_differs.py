"""SC305: the script's default of an argument is not the contract's."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..analysis.facts import MISSING, Argument
from ..findings import Finding, Verdict
from .argument_type import type_problem
from .arguments import asked_for, find_argument
from .base import Rule
from .context import Context
from .environment import same_value

_ROOT = "/opt/ml/"


def _same(declared: object, found: object) -> bool:
    """Compares two defaults; that of an argument with several values value by value, however the contract writes it."""
    if not isinstance(found, tuple):
        return same_value(declared, found)
    first, second = _words(str(declared)), [word for each in found for word in _words(str(each))]
    return len(first) == len(second) and all(map(same_value, first, second))


def _words(text: str) -> list[str]:
    return re.findall(r"[^\s,;\[\]()'\"]+", text)


def _says_no(argument: Argument, declared: object) -> bool:
    """Tells whether a flag such as `--no-shuffle` sets another name to False: it is not given where that is True."""
    negated = re.match(r"(no|not|dont|disable|without)[-_]", argument.name)
    return argument.flag and argument.default is True and isinstance(declared, bool) and negated is not None


def _is_elsewhere(context: Context, argument: Argument, declared: object) -> bool:
    """Tells whether a contract names another folder of a training job than the one that the platform gives.

    A channel that the contract does not have gives no folder, and what stands in for the platform's variable
    elsewhere is a default of the script too.
    """
    given = argument.default
    if not (context.is_training and argument.default_known and isinstance(given, str) and isinstance(declared, str)):
        return False
    if not (given.startswith(_ROOT) and declared.startswith(_ROOT)):
        return False
    inputs = [path.rstrip("/") for path in context.contract.expected_input_paths.values()]
    if given.startswith(_ROOT + "input/") and not any(f"{given}/".startswith(f"{each}/") for each in inputs):
        return False
    return not any(isinstance(read.default, str) and same_value(declared, read.default) for read in context.env)


def _of_hyperparameter(context: Context, name: str, declared: object) -> Iterable[Finding]:
    """Compares what a training script takes where a hyperparameter that it asks for by name is not given."""
    uses = [use for use in asked_for(context, name) if use.raw and not use.as_number]
    if not uses or declared is None or any(use.default in (MISSING, None, "") for use in uses):
        return
    if any(same_value(declared, use.default) for use in uses):
        return
    message = f"hyperparameter {name!r} has the default {uses[0].default!r} in the script, {declared!r} in the contract"
    yield context.at(
        "SC305", Verdict.VIOLATED, "argument", name, message, uses[0].place, (), "make the two defaults equal"
    )


def check(context: Context) -> Iterable[Finding]:
    """Checks the default of each declared argument."""
    for name, declared in context.contract.expected_arguments.items():
        argument = find_argument(context, name)
        if argument is None:
            yield from _of_hyperparameter(context, name, declared)
        if argument is None or declared is None or argument.required:
            continue
        if argument.multiple and not (argument.default_known and isinstance(argument.default, tuple)):
            continue
        if type_problem(argument, declared) or (argument.platform and not _is_elsewhere(context, argument, declared)):
            continue
        if argument.default_known and (_same(declared, argument.default) or _says_no(argument, declared)):
            continue
        if argument.default_known and argument.default in (MISSING, None):
            if argument.flag or argument.positional:
                continue
            verdict, message = Verdict.UNRESOLVED, f"argument {name!r} is None in the script where it is not given"
        elif argument.default_known:
            found = list(argument.default) if isinstance(argument.default, tuple) else argument.default
            verdict, message = Verdict.VIOLATED, f"argument {name!r} has the default {found!r} in the script"
        else:
            verdict, message = Verdict.UNRESOLVED, f"the script's default of argument {name!r} is not a constant"
        yield context.at(
            "SC305",
            verdict,
            "argument",
            name,
            f"{message}, {declared!r} in the contract",
            argument.place,
            (),
            "make the two defaults equal",
        )


RULE = Rule(
    "SC305",
    "default of an argument differs",
    """
    The contract and the script give an argument different defaults. Run by a pipeline and run by hand, the script
    then does different things. The same holds for what a training script asks for by name with a default of its
    own (`hyperparameters.get("epochs", 3)`).

    None is no default of its own: the script may put one in its place (`args.x or "a"`, `if args.x is None`), or
    leave it to the step to give the value. Where the contract names a default and the script has none, the verdict
    is UNRESOLVED. Nothing is compared where the contract says `None` or the argument is required. A default that
    the platform gives (`os.environ["SM_MODEL_DIR"]`) is compared with a folder below `/opt/ml` of a training job.

    To mend it, make the two equal.
    """,
    check,
)
