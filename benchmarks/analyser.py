"""Times the analyser: the whole repository in a cold process, its scripts, a script of 3,000 lines, and a cached run.

    python benchmarks/analyser.py [--json FILE] [--profile]

CPU seconds of the child processes are measured, with the limits that the project sets itself beside them.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMITS = {"whole repository, cold": 1.0, "script of 3,000 lines": 0.5, "whole repository, again": 0.3}
ANALYSE = "from pathlib import Path; import sys; from pipeline_script_contracts.analysis import analyse; "
PROFILE = """
import cProfile, pstats
profile = cProfile.Profile()
profile.runcall({call}, {argument})
pstats.Stats(profile).sort_stats("tottime").print_stats(40)
"""
EACH = """
import json, sys, time
from pathlib import Path
from pipeline_script_contracts.analysis import Session, analyse
session, rows = Session(), []
for name in sys.argv[1:]:
    began = time.process_time()
    analysis = analyse(Path(name), source_roots=[Path("src").resolve()], session=session)
    cpu = round(time.process_time() - began, 3)
    rows.append({"script": name, "cpu_s": cpu, "steps": analysis.steps, "modules": len(analysis.local_modules)})
print(json.dumps(rows))
"""


def generated_script(lines: int) -> str:
    """Writes a script as people write them: constants, functions, classes, readers, writers and a main block."""
    parts = ["import argparse", "import json", "import os", "import pandas as pd", "BASE = '/opt/ml'"]
    number = 0
    while len(parts) < lines - 40:
        number += 1
        parts += [
            f"def load_{number}(folder, name='part-{number}.csv', limit=None):",
            f"    path = os.path.join(folder, 'group-{number % 7}', name)",
            "    if limit is not None and limit > 10:",
            "        frame = pd.read_csv(path, nrows=limit)",
            "    else:",
            "        frame = pd.read_csv(path)",
            "    for column in ('a', 'b', 'c'):",
            f"        frame[column] = frame[column].fillna({number}).clip(0, {number * 3})",
            "    return frame",
            f"class Step{number}:",
            "    def __init__(self, root, **options):",
            "        self.root = root",
            f"        self.options = {{'size': {number}, **options}}",
            "    def run(self):",
            f"        frame = load_{number}(self.root, limit=self.options.get('limit'))",
            "        target = f\"{BASE}/model/step-{self.options['size']}.json\"",
            "        with open(target, 'w') as handle:",
            "            json.dump({'rows': len(frame)}, handle)",
            "        return target",
        ]
    parts += ["def main():", "    parser = argparse.ArgumentParser()", "    parser.add_argument('--limit', type=int)"]
    parts += [
        "    args = parser.parse_args()",
        "    folder = os.environ.get('SM_CHANNEL_TRAIN', BASE + '/input/data/train')",
    ]
    parts += [f"    Step{each}(folder, limit=args.limit).run()" for each in range(1, number + 1)]
    parts += ["if __name__ == '__main__':", "    main()"]
    return "\n".join(parts[: 6 * lines]) + "\n"


def cpu_seconds(command: list[str]) -> tuple[float, float]:
    """Runs a command and gives its CPU and wall-clock seconds."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, ended - began


def each_script(validate: str) -> list[dict[str, object]]:
    """Looks at the scripts of the repository one after another, as a run does, and times each."""
    found = subprocess.run(
        [validate, "--output-format", "json"], cwd=ROOT, stdout=subprocess.PIPE, check=False, text=True
    ).stdout
    scripts = [str(ROOT / each["script"]) for each in json.loads(found)["scripts"]]
    command = [sys.executable, "-c", EACH, *scripts]
    rows: list[dict[str, object]] = json.loads(
        subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True).stdout
    )
    for row in rows:
        row["script"] = Path(str(row["script"])).relative_to(ROOT).as_posix()
    return rows


def main() -> None:
    """Runs the measurements and prints them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="Also write the results to this file.")
    parser.add_argument("--profile", action="store_true", help="Print where the time goes instead.")
    options = parser.parse_args()
    validate = str(Path(sys.executable).with_name("validate_contracts"))
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "long.py"
        script.write_text(generated_script(3000), encoding="utf-8")
        if options.profile:
            whole = "from pipeline_script_contracts.cli import main"
            for title, first, call, argument in (
                ("the whole repository", whole, "main", "['--no-cache']"),
                ("the script of 3,000 lines", ANALYSE, "analyse", f"Path({str(script)!r})"),
            ):
                print(f"where the time of {title} goes", flush=True)
                subprocess.run([sys.executable, "-c", first + PROFILE.format(call=call, argument=argument)], cwd=ROOT)
            return
        shutil.rmtree(ROOT / ".validate_contracts_cache", ignore_errors=True)
        once = ANALYSE + "analyse(Path(sys.argv[1]))"
        measured = {
            "whole repository, cold": cpu_seconds([validate]),
            "script of 3,000 lines": cpu_seconds([sys.executable, "-c", once, str(script)]),
            "whole repository, again": cpu_seconds([validate]),
        }
    scripts = each_script(validate)
    results: dict[str, object] = {
        name: {
            "cpu_s": round(cpu, 3),
            "wall_s": round(wall, 3),
            "limit_s": LIMITS[name],
            "ratio": round(cpu / LIMITS[name], 2),
        }
        for name, (cpu, wall) in measured.items()
    }
    for name, (cpu, wall) in measured.items():
        print(f"{name:24} {cpu:6.2f} s CPU, {wall:6.2f} s wall, limit {LIMITS[name]} s")
    print("\none after another, each using what those before it have shown:")
    for row in scripts:
        print(f"{row['script']:52} {row['cpu_s']:5} s CPU, {row['steps']:6} steps, {row['modules']:4} modules")
    results["scripts"] = scripts
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
