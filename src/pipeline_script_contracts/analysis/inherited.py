"""Objects whose class descends from a class that cannot be seen: its code may call their methods back."""

from __future__ import annotations

import ast

from . import escapes
from .atoms import Ref
from .fields import FLAVOURS
from .interpreter import Interpreter
from .library.packages import KNOWN_PACKAGES
from .scopes import ClassInfo
from .words import words

# Inherited methods that run a job by calling the methods that a class has overridden.
_DRIVING = frozenset(
    words(
        """run fit train execute start main launch process evaluate predict test transform fit_transform serve
        serve_forever cmdloop step loop call invoke"""
    )
)
_BUILDING = ("LightningCLI", ".Tap")  # known classes whose initialiser does so
_PASSIVE = ("torch.nn", "torch.utils.data", "threading.local", "ts.torch_handler")


def made(interp: Interpreter, owner: Ref, node: ast.AST) -> None:
    """Follows what a base class that cannot be seen may call when an object is made."""
    cls = owner.obj.cls
    if is_out_of_sight(cls) or any(base.endswith(_BUILDING) for base in cls.library):
        _call_back(interp, owner, node)


def used(interp: Interpreter, owner: Ref, name: str, node: ast.AST) -> None:
    """Follows what an inherited attribute of an object may call."""
    cls = owner.obj.cls
    if is_out_of_sight(cls) or (name in _DRIVING and not any(base.startswith(_PASSIVE) for base in cls.library)):
        _call_back(interp, owner, node)


def is_out_of_sight(cls: ClassInfo) -> bool:
    """Tells whether a class has a base of a package whose source is not here and that is not well known."""
    if cls.flavour in FLAVOURS or cls.flavour == "enum":
        return False
    unknown = (base for base in cls.library if base.partition(".")[0] not in KNOWN_PACKAGES)
    return any(not base.startswith(_PASSIVE) for base in unknown)


def _call_back(interp: Interpreter, owner: Ref, node: ast.AST) -> None:
    cls = owner.obj.cls
    if is_out_of_sight(cls):
        escapes.hand_over(interp, (owner,), f"the base class of {cls.name}", node)
    escapes.escape(interp, (owner,), f"of {cls.name}, whose base class cannot be seen", node)
