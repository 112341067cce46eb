"""The command `course mutants`: are wrong answers refused, whatever the draw of the inputs?"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from course.authoring import lessons
from course.authoring.mutation import explained, mutants, trials
from course.authoring.mutation.trials import Task
from course.authoring.notebook import AuthoringError
from course.checks.registry import exercises
from course.cli.output import err, out
from course.console import Console

EXAMPLES = """
**Examples**

`course mutants relu --seeds 50` tries every mutant of one exercise on 50 draws of its inputs. Do this when you add an exercise.

`course mutants --sample 4 --seeds 3` tries four mutants of each exercise, the same ones each time.

`course mutants --listed` tries the mistakes that the catalogues list.
"""


Answer = tuple[str, str | None]


def register(app: typer.Typer) -> None:
    """Add the command to the program `course`."""
    app.command("mutants", epilog=EXAMPLES)(try_mutants)


def try_mutants(
    wanted: Annotated[
        list[str] | None,
        typer.Argument(metavar="[EXERCISES]…", help="Exercises, or lessons by name, number or topic. Default: all."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="The number of draws of the inputs.")] = 50,
    sample: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The number of mutants per exercise. Default: all.")
    ] = None,
    listed: Annotated[
        bool, typer.Option("--listed", help="Try the mistakes that the catalogues list, instead of mutants.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, metavar="N", help="Tests at the same time. Default: one per core."),
    ] = None,
) -> None:
    """Change each reference answer a little, in every place, and test that `check` refuses it on every draw of its inputs.

    A changed answer that is right nevertheless is explained in tests/survivors.toml. Any other that is accepted on one of the
    draws is shown, and fails the command, because the exercise's inputs rely on luck. Exercises that train for minutes are
    left out, and so are estimates, which are right to a factor.
    """
    root = lessons.course_root()
    names = _selected(root, wanted or [])
    reasons = {} if listed else explained.explained(root)
    tasks = _listed(names, sample) if listed else _mutants(root, names, sample)
    total = sum(len(task.answers) for task in tasks)
    accepted: dict[str, dict[str, int]] = {name: {} for name in names}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        shown = bar.add_task("starting", total=total)
        for exercise, answer, seed in trials.run(tasks, range(seeds), jobs or os.cpu_count() or 1):
            bar.update(shown, advance=1, description=exercise)
            if seed is not None:
                accepted[exercise][answer] = seed
    _report(tasks, accepted, reasons, seeds, "listed mistakes" if listed else "mutants")


def _selected(root: Path, wanted: list[str]) -> list[str]:
    """The exercises that a command line names, in the order of the lessons.

    Raises:
        AuthoringError: there is no such exercise or lesson, or none that can be tried.
    """
    every = exercises()
    kept: set[str] = set()
    for word in wanted:
        kept |= {word} if word in every else set(exercises(lessons.find_name(root, word)))
    names = [name for name, one in every.items() if one.limit_s <= trials.LONGEST_S and (not wanted or name in kept)]
    if not names:
        raise AuthoringError(f"{', '.join(wanted)}: nothing to try. Exercises that train for minutes are left out.")
    return names


def _mutants(root: Path, names: list[str], sample: int | None) -> list[Task]:
    answers, every = mutants.answers(root), exercises()
    tasks = []
    for name in names:
        if every[name].kind == "estimate":  # right to a factor, so that a small change of a number is right, too
            continue
        found: list[Answer] = [(mutant.name, mutant.source) for mutant in mutants.mutants(answers[name].source)]
        answer = answers[name]
        tasks.append(Task(name, answer.before, tuple(_sampled(found, sample, name)), answer.source))
    return tasks


def _listed(names: list[str], sample: int | None) -> list[Task]:
    every = exercises()
    return [
        Task(name, "", tuple(_sampled([(mistake.name, None) for mistake in every[name].mistakes], sample, name)))
        for name in names
    ]


def _sampled(found: list[Answer], sample: int | None, name: str) -> list[Answer]:
    """So many of them, for one exercise always the same."""
    if sample is None or sample >= len(found):
        return found
    return random.Random(name).sample(found, sample)


def _report(
    tasks: list[Task], accepted: dict[str, dict[str, int]], reasons: dict[str, dict[str, str]], seeds: int, what: str
) -> None:
    """Print the table and what survived.

    Raises:
        typer.Exit: something did that is not explained.
    """
    table = Table("exercise", what, "refused", "explained", "survived")
    total: Counter[str] = Counter()
    survivors = []
    for task in tasks:
        known = reasons.get(task.exercise, {})
        through = accepted[task.exercise]
        survived = [name for name in through if name not in known]
        survivors += [(task.exercise, name, through[name]) for name in survived]
        row = {
            what: len(task.answers),
            "refused": len(task.answers) - len(through),
            "explained": len(through) - len(survived),
            "survived": len(survived),
        }
        total.update(row)
        table.add_row(task.exercise, *map(str, row.values()))
    table.add_section()
    table.add_row("all", *(str(total[name]) for name in (what, "refused", "explained", "survived")))
    Console(highlight=False).print(table)
    for exercise, name, seed in survivors:
        out.print(f"{exercise}, right on all inputs of seed {seed}: {name}", markup=False)
    for task in tasks:
        answers = {name for name, _ in task.answers}
        for name in set(reasons.get(task.exercise, {})) & answers - set(accepted[task.exercise]):
            out.print(f"{task.exercise}, refused, although {explained.TABLE} explains it: {name}", markup=False)
    if survivors:
        err.print(
            f"{len(survivors)} of {total[what]} {what} survived. Draw inputs on which each of them differs, or explain in "
            f"{explained.TABLE} why it is right.",
            markup=False,
        )
        raise typer.Exit(1)
    draws = "1 draw" if seeds == 1 else f"{seeds} draws"
    out.print(f"No unexplained survivor among {total[what]} {what}, on {draws} each.", markup=False)
