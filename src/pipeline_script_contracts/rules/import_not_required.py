"""SC501: an imported package is not in the requirements."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..analysis.library.packages import ALTERNATIVES, CONTAINER_PACKAGES, distribution_of, normal_name
from ..findings import Finding, Verdict
from .base import Rule
from .context import Context

_VARIANT = re.compile(
    r"-?(full|cpu|gpu|cu\d+|cuda\d+x?|client|pypi|headless|binary|nightly|lts|lts-cpu|macos|py|py3|python|python3|sdk|lib|\d)"
)
_LANGUAGE = re.compile(r"python3?-|py-?|lib|scikit-")


def _is_variant(required: str, names: set[str]) -> bool:
    """Tells whether a distribution goes by a package's name with an addition.

    Other builds and clients are called so (`cupy-cuda12x`, `mmcv-full`, `neptune-client`), and Python's own version of
    something that exists elsewhere (`python-box`, `pyfarmhash`, `sentencepiece-python`).
    """
    return any(
        (required.startswith(name) and _VARIANT.fullmatch(required[len(name) :]))
        or (required.endswith(name) and _LANGUAGE.fullmatch(required[: len(required) - len(name)]))
        for name in names
    )


def check(context: Context) -> Iterable[Finding]:
    """Checks each import."""
    required = context.required_distributions
    if not required:
        return
    seen = set()
    for use in context.analysis.imports:
        top = use.module.partition(".")[0]
        name = distribution_of(use.module)
        if use.optional or top in seen or top in CONTAINER_PACKAGES or not context.runs(use.place):
            continue
        if not use.own and context.ships_source_roots(use.place.filename):
            continue
        names = {name, normal_name(top), *ALTERNATIVES.get(name, ())}
        if names & required or any(_is_variant(each, names) for each in required):
            continue
        seen.add(top)
        yield context.at(
            "SC501",
            Verdict.VIOLATED,
            "package",
            top,
            f"{use.module!r} is imported, but its distribution {name!r} is not in the requirements",
            use.place,
            (),
            f"add {name} to the requirements",
        )


RULE = Rule(
    "SC501",
    "import not in the requirements",
    """
    The script, or a local module that it uses, imports a package that neither `requirements.txt` nor the
    contract's `framework_requirements` lists. It works only where something else happens to bring the package
    along.

    Optional imports (inside `try` with `except ImportError`), imports for type checkers and the standard library
    are left out. Without a requirements file and without framework requirements, nothing is checked.

    To mend it, add the distribution to the requirements.
    """,
    check,
)
