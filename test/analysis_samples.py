"""What the analyser finds in a small program."""

from pathlib import Path

from pipeline_script_contracts.analysis import Analysis, analyse


def facts(folder: Path, source: str, **modules: str) -> Analysis:
    """Writes the script and the modules beside it into a folder, and analyses it."""
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    script = folder / "main.py"
    script.write_text(source, encoding="utf-8")
    return analyse(script)
