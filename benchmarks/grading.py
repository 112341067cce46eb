"""How long a class takes to grade: nbclient that only runs the notebooks, `course grade`, and nbgrader.

nbclient takes part twice: each notebook compiled for itself, and with the compile cache that `course` turns on for learners. With it
notebooks share what they compile, and each may write what the next one runs: fast, and no way to grade strangers' work.

    python -m benchmarks.grading                 # both lessons; close everything else first
    python -m benchmarks.grading --quick         # one round of two submissions: does it run?

Each round runs all of them one after another, in turn beginning with another, on the same submissions, each as its own process and
one submission at a time. A ratio is of two times of the same round; a table shows the median of the rounds and their range.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import report
from benchmarks.measure import Cost, Failed, machine, run, versions
from benchmarks.submissions import OWN_CODE, hand_in
from course import terminal
from course.authoring.lessons import EXERCISES, SOLUTIONS, course_root, find_name
from course.curriculum import topic_of

ROOT = course_root(Path(__file__).parent)
RESULTS = Path(__file__).parent / "results"
ASSIGNMENT = "class"
CELL_S = 900
COURSE = "from course.cli import main; main()"
# Runs what was handed in, and grades nothing: the floor for whoever starts a kernel for each notebook.
NBCLIENT = f"""
import sys, tempfile
import nbformat
from nbclient import NotebookClient
for path in sys.argv[1:]:
    with tempfile.TemporaryDirectory() as folder:
        resources = {{"metadata": {{"path": folder}}}}
        NotebookClient(nbformat.read(path, 4), timeout={CELL_S}, allow_errors=True, resources=resources).execute()
"""


class Contest:
    """The three ways to go through one class.

    Args:
        lesson: its name.
        count: submissions.
        scratch: an empty folder.
    """

    def __init__(self, lesson: str, count: int, scratch: Path) -> None:
        self.lesson, self.count, self.scratch = lesson, count, scratch
        self.submitted = scratch / "handed in"
        self.compiled: set[str] = set()
        self.notebooks = hand_in(ROOT, lesson, count, self.submitted)
        bin_folder = str(Path(sys.executable).parent)
        # nbgrader calls `alembic`, which lies beside this Python; nobody's settings are read or written.
        self.variables = {
            "PATH": os.pathsep.join([bin_folder, os.environ.get("PATH", os.defpath)]),
            "COURSE_CACHE": str(scratch / "cache"),
            "COURSE_COMPILE_CACHE": str(scratch / "compiled"),
            "JUPYTER_CONFIG_DIR": str(scratch / "jupyter"),
            "JUPYTER_DATA_DIR": str(scratch / "jupyter"),
            "IPYTHONDIR": str(scratch / "ipython"),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        self.ways: dict[str, Callable[[], Cost]] = {
            "nbclient": partial(self.nbclient, "off"),
            "nbclient, compile cache": partial(self.nbclient, str(scratch / "compiled")),
            "course grade": self.course_grade,
            "nbgrader": self.nbgrader,
        }

    def prepare(self) -> dict[str, float]:
        """What is done once for an assignment, and is in no round. Returns the seconds of each that does anything."""
        one = self.scratch / "one"
        shutil.copytree(self.notebooks[0].parent, one / self.notebooks[0].parent.name)
        (self.scratch / "cache").mkdir()
        # The first time, the solution is run to compile what the submissions will share. One submission more shows the rest.
        first, again = self._grade(one, 1).seconds, self._grade(one, 1).seconds
        self.compiled = self._compiled()
        course = self.scratch / "nbgrader"
        (course / "source" / ASSIGNMENT).mkdir(parents=True)
        shutil.copy(ROOT / SOLUTIONS / f"{self.lesson}.ipynb", course / "source" / ASSIGNMENT)
        for path in self.notebooks:
            place = course / "submitted" / path.parent.name / ASSIGNMENT
            place.mkdir(parents=True)
            shutil.copy(path, place)
        generated = run([sys.executable, "-m", "nbgrader", "generate_assignment", ASSIGNMENT], course, self.variables)
        return {"course grade": max(0.0, first - again), "nbgrader": generated.seconds}

    def nbclient(self, compile_cache: str) -> Cost:
        """`compile_cache`: a folder, or "off"."""
        command = [sys.executable, "-c", NBCLIENT, *map(str, self.notebooks)]
        return run(command, self.scratch, {**self.variables, "COURSE_COMPILE_CACHE": compile_cache})

    def course_grade(self) -> Cost:
        cost = self._grade(self.submitted, self.count)
        if self._compiled() != self.compiled:
            raise Failed(
                "the course's code changed while it was measured, and the solution was compiled again: measure once more"
            )
        return cost

    def _compiled(self) -> set[str]:
        """The folders in which `course grade` keeps what it has compiled."""
        return {path.name for path in (self.scratch / "cache" / "grading").glob("*") if path.is_dir()}

    def _grade(self, submitted: Path, count: int) -> Cost:
        grades = self.scratch / "grades"
        shutil.rmtree(grades, ignore_errors=True)
        command = [
            sys.executable,
            "-c",
            COURSE,
            "grade",
            str(submitted),
            "--lesson",
            self.lesson,
            "--out",
            str(grades),
        ]
        cost = run([*command, "-j", "1", "--seed", "1"], ROOT, self.variables)
        results = [json.loads(line) for line in (grades / "results.jsonl").read_text(encoding="utf-8").splitlines()]
        graded = [one for one in results if one["status"] == "graded" and one["sandbox"] == "bubblewrap"]
        if len(graded) != count:
            raise Failed(f"course grade graded {len(graded)} of {count} submissions in the sandbox")
        best = max(sum(question["points"] for question in one["questions"]) for one in graded)
        if best != sum(question["possible"] for question in graded[0]["questions"]):
            raise Failed("course grade did not give the solution full points")
        return cost

    def nbgrader(self) -> Cost:
        course = self.scratch / "round"
        shutil.rmtree(course, ignore_errors=True)
        shutil.copytree(self.scratch / "nbgrader", course)
        autograde = ["autograde", ASSIGNMENT, f"--ExecutePreprocessor.timeout={CELL_S}"]
        cost = run([sys.executable, "-m", "nbgrader", *autograde], course, self.variables)
        done = len(list((course / "autograded").glob(f"*/{ASSIGNMENT}/*.ipynb")))
        if done != self.count:
            raise Failed(f"nbgrader graded {done} of {self.count} submissions")
        return cost


def contest(lesson: str, rounds: int, count: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure one lesson. Returns what `results/` stores: plain data, each round's seconds and MB."""
    with tempfile.TemporaryDirectory(prefix="grading-") as scratch:
        it = Contest(lesson, count, Path(scratch))
        once = it.prepare()
        say(f"{lesson}: once, " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in once.items()))
        measured: dict[str, list[dict[str, float]]] = {name: [] for name in it.ways}
        names = list(it.ways)
        for number in range(rounds):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                cost = it.ways[name]()
                measured[name].append({"seconds": cost.seconds, "peak_mb": cost.peak_mb})
                say(f"{lesson}: round {number + 1} of {rounds}, {name}: {cost.seconds:.1f} s, {cost.peak_mb:.0f} MB")
    return {
        "lesson": lesson,
        "submissions": count,
        "once_s": once,
        "rounds": measured,
        "machine": machine(),
        "versions": versions("jax", "flax", "nbclient", "nbgrader", "nbval", "ipykernel"),
        "measured_at": datetime.now(UTC).date().isoformat(),
    }


def main(
    lesson: Annotated[list[str] | None, typer.Option(help="A lesson, by name or number; repeatable.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often all are measured.")] = 3,
    submissions: Annotated[int, typer.Option(min=1, help="How many, in each round the same.")] = 12,
    quick: Annotated[bool, typer.Option("--quick", help="One round, two submissions; nothing is stored.")] = False,
) -> None:
    """Measure how long a class takes to grade, store the figures and write README.md."""
    names = [find_name(ROOT, name) for name in lesson or OWN_CODE]
    for name in names:
        if name not in OWN_CODE:
            raise typer.BadParameter(f"{name} has no submissions to measure on. There are {', '.join(OWN_CODE)}.")
        missing = [kind for kind in (SOLUTIONS, EXERCISES) if not (ROOT / kind / f"{name}.ipynb").is_file()]
        if missing:
            raise typer.BadParameter(f"{name} is missing in {' and '.join(missing)}.")
    for name in names:
        try:
            result = contest(name, 1 if quick else rounds, 2 if quick else submissions, typer.echo)
        except Failed as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
        typer.echo(report.table([result]))
        if not quick:
            RESULTS.mkdir(exist_ok=True)
            stored = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
            (RESULTS / f"grading_{topic_of(name)}.json").write_text(stored, encoding="utf-8")
            report.write(RESULTS)


if __name__ == "__main__":
    with terminal.program():
        typer.run(main)
