"""The analyser: a forward abstract interpreter over `ast` that never imports or runs what it reads."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..collecting import seldom
from ..frames import with_room
from . import untrained
from .facts import Analysis, SourceProblem
from .handlers import run_handlers
from .interpreter import BudgetExhaustedError, Interpreter
from .recorder import Recorder
from .scopes import ModuleInfo
from .session import Session
from .sources import Sources
from .unreached import Unreached

__all__ = ["Analysis", "Session", "analyse"]

DEFAULT_BUDGET = 1_500_000
RECURSION_LIMIT = 12_000


def analyse(
    script: Path, *, source_roots: Sequence[Path] = (), budget: int = DEFAULT_BUDGET, session: Session | None = None
) -> Analysis:
    """Follows a script and its local modules.

    Args:
        script: The script's file.
        source_roots: Folders that local packages are imported from, beside the script's own folder.
        budget: The most steps to take; when they run out, the analysis says so and ends.
        session: What scripts looked at before share with this one.

    Returns:
        The facts.
    """
    recorder = Recorder(script)
    sources = Sources(script, source_roots, session)
    interp = Interpreter(sources, recorder, budget)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION_LIMIT))
    try:
        with seldom():
            with_room(partial(_run, interp, sources))
    except BudgetExhaustedError:
        recorder.analysis.exhausted = True
    except RecursionError:
        sources.problems.append(SourceProblem(str(script), "is nested too deeply to be analysed"))
        recorder.analysis.exhausted = True
    finally:
        sys.setrecursionlimit(limit)
    analysis = recorder.analysis
    analysis.steps = interp.steps
    analysis.source_roots = tuple(source_roots)
    analysis.problems.extend(sources.problems)
    analysis.local_modules = sources.files
    return analysis


def _run(interp: Interpreter, sources: Sources) -> None:
    main = sources.main()
    interp.run_module(main)
    run_handlers(interp, main)
    interp.record.analysis.idle = main.tree is not None and _is_idle(interp, main)
    ran = [module for module in sources.modules.values() if module is not None and module.state != "new"]
    untrained.hand_over_settings(interp.record.analysis, [main, *ran])
    interp.record.analysis.unreached = Unreached([main, *ran], frozenset(info.node for info in interp.active))


def _is_idle(interp: Interpreter, main: ModuleInfo) -> bool:
    """Tells whether a script only defines what others run."""
    assert main.tree is not None
    defines = any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) for node in main.tree.body)
    uses = interp.record.analysis.paths
    return (
        defines
        and not interp.record.analysis.handlers
        and not any(info.module is main for info in interp.active)
        and not any(use.place.filename == main.text for use in uses)
    )
