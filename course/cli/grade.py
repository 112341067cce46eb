"""The command `course grade`: from a folder of submissions to a grade book. What it does is in course/grading."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.panel import Panel
from rich.table import Table

from course.authoring.extras import require
from course.console import Console
from course.grading.model import GradingError, Limits

DEFAULT = Limits()
EXAMPLES = """
**Examples**

`course grade canvas.zip --lesson 02 --out grades/` grades a class's submissions for lesson 02.

`course grade submitted/ --out grades/ --only ada --regrade` grades some learners again.

`course grade submitted/ --out grades/ --dask tcp://head:8786` sends the work to a Dask cluster.

Interrupted with Ctrl-C? The same command continues where it stopped.
"""
_LIMITS = "Limits for each submission"
_MACHINES = "Where it runs"


def register(app: typer.Typer) -> None:
    """Add the command to the program `course`."""
    app.command("grade", epilog=EXAMPLES)(grade)


def grade(
    submissions: Annotated[
        Path,
        typer.Argument(
            metavar="SUBMISSIONS", help="A folder or zip file with the submissions. Nothing in it is changed."
        ),
    ],
    lesson: Annotated[
        list[str] | None,
        typer.Option("--lesson", metavar="LESSON", help="A lesson, by name or number; repeatable. Default: all."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder for grades and feedback.")] = Path("grades"),
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="The seed of the hidden inputs. Default: the earlier run's, or a new one, which is recorded.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="LEARNER", help="The learners to grade: a name or a part of it; repeatable."),
    ] = None,
    regrade: Annotated[bool, typer.Option("--regrade", help="Also grade what already has a grade.")] = False,
    course: Annotated[
        Path | None,
        typer.Option(help="The clone with the lessons' solutions. Default: the one you are in.", metavar="FOLDER"),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            metavar="N",
            help="Submissions graded at the same time. Default: one per core.",
            rich_help_panel=_MACHINES,
        ),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Grade on the Dask cluster of this scheduler.", rich_help_panel=_MACHINES),
    ] = None,
    no_sandbox: Annotated[
        bool,
        typer.Option(
            "--no-sandbox", help="Run submissions with all of your rights. Dangerous.", rich_help_panel=_MACHINES
        ),
    ] = False,
    cold: Annotated[
        bool, typer.Option("--cold", help="Start each kernel from scratch; slower.", rich_help_panel=_MACHINES)
    ] = False,
    cell_seconds: Annotated[
        float,
        typer.Option(
            min=1,
            metavar="SECONDS",
            help="Seconds for a cell (an exercise's inputs have its own limit).",
            rich_help_panel=_LIMITS,
        ),
    ] = DEFAULT.cell_s,
    notebook_seconds: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Seconds for the whole notebook.", rich_help_panel=_LIMITS)
    ] = DEFAULT.notebook_s,
    memory: Annotated[
        int,
        typer.Option(
            min=1, metavar="MB", help="MB of memory for all processes of a submission.", rich_help_panel=_LIMITS
        ),
    ] = DEFAULT.memory_mb,
    processes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Processes at the same time.", rich_help_panel=_LIMITS)
    ] = DEFAULT.processes,
    files: Annotated[
        int, typer.Option(min=1, metavar="N", help="Open files per process.", rich_help_panel=_LIMITS)
    ] = DEFAULT.files,
    disk: Annotated[
        int, typer.Option(min=1, metavar="MB", help="MB that a submission may write.", rich_help_panel=_LIMITS)
    ] = DEFAULT.disk_mb,
    output: Annotated[
        int,
        typer.Option(
            min=1, metavar="KB", help="KB that a cell may print; the rest is dropped.", rich_help_panel=_LIMITS
        ),
    ] = DEFAULT.output_kb,
) -> None:
    """Grade a class: a grade book, feedback for each learner, files for Canvas, Moodle and Gradescope."""
    require("Grading")
    console = Console(highlight=False)
    if no_sandbox:
        danger = (
            "The submissions run with all of your rights. They can read and delete your files, use your network and "
            "your passwords, see the solutions and other submissions, and change their own grades. Do this only "
            "with people you trust, or on a machine or in a container that you can afford to lose."
        )
        Console(stderr=True).print(Panel(danger, title="NO SANDBOX", style="bold white on red", padding=(1, 2)))
    limits = Limits(cell_seconds, notebook_seconds, memory, processes, files, disk, output)
    if sys.platform == "win32":
        from course.grading.sandbox.protections import way_on

        _complain(f"The grader needs Linux. {way_on()}")
        raise typer.Exit(1)
    if no_sandbox:
        _show_protections(limits)
    try:
        # Here, so that `course --help` need not wait for the grader's libraries.
        with _held_back():
            from course.grading.options import NoSandbox, Options
            from course.grading.session import grade_class

        options = Options(
            where=submissions,
            out=out,
            lessons=tuple(lesson or ()),
            only=tuple(only or ()),
            seed=seed,
            regrade=regrade,
            course=course,
            jobs=jobs or os.cpu_count() or 1,
            dask=dask,
            sandbox=not no_sandbox,
            warm=not cold,
            limits=limits,
        )
        status = grade_class(options, console)
    except GradingError as error:
        _complain(str(error))
        if isinstance(error, NoSandbox):
            _show_protections(limits)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:  # before the run began, or the second Ctrl-C
        status = 128 + signal.SIGINT
    if status > 1:
        again = shlex.join(["course", *sys.argv[1:]])
        kept = "Every grade so far is kept; grades.csv is written when a run ends."
        _complain(f"Interrupted. {kept} To continue: {again}")
    raise typer.Exit(status)


@contextmanager
def _held_back() -> Iterator[None]:
    """A Ctrl-C in here is felt at the end: libraries in C, in the middle of being imported, swallow it or crash."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came and before is not signal.SIG_IGN:
        raise KeyboardInterrupt


def _show_protections(limits: Limits) -> None:
    """A table of what holds in the sandbox and what without it, on the standard error."""
    from course.grading.sandbox.protections import protections

    table = Table("", "in the sandbox", "without it (--no-sandbox)", box=None, pad_edge=False, title_justify="left")
    for one in protections(limits):
        table.add_row(one.what, one.inside, f"{'✓' if one.holds else '✗'} {one.without}")
    Console(stderr=True, highlight=False).print(table)


def _complain(sentence: str) -> None:
    errors = Console(stderr=True, highlight=False)
    # A terminal's own wrapping breaks words.
    errors.print(sentence, markup=False, soft_wrap=not errors.is_terminal)
