"""Record what the lessons measure on a GPU, so that a learner without one sees it beside their own numbers.

    make gpu-record                                  # on a machine with a GPU, with the Python at hand
    python -m benchmarks.lessons --chip "A chip" --to FOLDER      # a rehearsal on a CPU, under another name

Each lesson is run from top to bottom in a process of its own. The measured answer to each of its guesses is kept, with the points
of some of its pictures and the device's measured roof, in course/recorded/lessons_<chip>.json.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from tqdm import tqdm

from course import recorded, terminal
from course.authoring.in_process import run_cells
from course.authoring.lessons import LESSONS, course_root, stored
from course.curriculum import topic_of
from course.recorded import Record

ROOT = course_root(Path(__file__).parent)
# A lesson that takes longer than this is given up.
LONGEST_S = 600


def main(
    chip: Annotated[str, typer.Option(help="Record under this name: a rehearsal where there is no GPU.")] = "",
    to: Annotated[Path | None, typer.Option(help="The folder for the file; course/recorded without it.")] = None,
    lesson: Annotated[list[str] | None, typer.Option(help="A lesson's topic; repeatable. All without it.")] = None,
    one: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the lessons on this machine's GPU, and record the measured answer to each guess."""
    if one:
        print(json.dumps(of_lesson(one)))
        return
    paths = [path for path in stored(ROOT, (LESSONS,)) if not lesson or topic_of(path.stem) in lesson]
    if not paths:
        typer.echo(f"There is no lesson {', '.join(lesson or [])}.", err=True)
        raise typer.Exit(2)
    about = device()
    if about["platform"] == "cpu" and not chip:
        typer.echo("JAX finds no GPU here. To rehearse on the CPU, name a chip: --chip NAME --to FOLDER.", err=True)
        raise typer.Exit(1)
    answers: dict[str, dict[str, Any]] = {}
    pictures: dict[str, dict[str, Any]] = {}
    for path in tqdm(paths, unit="lesson", disable=None):
        found = _of_process(path)
        for problem in found["problems"]:
            typer.echo(f"{path.stem}: {problem}", err=True)
        if found["answers"]:
            answers[topic_of(path.stem)] = found["answers"]
        pictures |= found["pictures"]
    name = chip or about["device"]
    target = (to or recorded.folder()) / recorded.file_name(name)
    known = next((one for one in recorded.records() if one.chip == name and to is None), Record(name, ""))
    record = Record(
        chip=name,
        recorded_at=datetime.now(UTC).date().isoformat(),
        software=about["software"],
        roof=about["roof"],
        # A run of some lessons leaves what is known of the others.
        lessons={**known.lessons, **answers},
        pictures={**known.pictures, **pictures},
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    count = sum(map(len, answers.values()))
    typer.echo(f"{count} answers of {len(answers)} lessons and {len(pictures)} pictures on {record.name}: {target}")


def of_lesson(path: Path) -> dict[str, Any]:
    """Run a lesson here; the measured answer to each guess by its question, the pictures' points, and what went wrong."""
    recorded.drawn.clear()
    problems = [problem for problem in run_cells(path) if problem]
    made = import_module("course.predict")._made
    answers = {
        question: guess.measured
        for question, guess in made.items()
        if guess.source == "measured" and guess.measured is not None
    }
    return {"answers": answers, "pictures": recorded.drawn, "problems": problems}


def _of_process(path: Path) -> dict[str, Any]:
    """The same, in a process of its own: a lesson starts with a device that holds nothing."""
    command = [sys.executable, "-m", "benchmarks.lessons", "--one", str(path)]
    try:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=LONGEST_S, check=False)
    except subprocess.TimeoutExpired:
        return {"answers": {}, "pictures": {}, "problems": [f"it was given up after {LONGEST_S} s"]}
    if ran.returncode != 0:
        return {"answers": {}, "pictures": {}, "problems": [f"it ended with {ran.returncode}: {ran.stderr[-500:]}"]}
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def device() -> dict[str, Any]:
    """Which device JAX computes on, its measured roof, and the software; asked in a process that ends, to leave its memory free."""
    program = """
import json, jax
from course.device import measured_roof
one = jax.devices()[0]
flops, bandwidth = measured_roof()
driver = getattr(one.client, "platform_version", "").replace("\\n", " ")
print(json.dumps({"platform": one.platform, "device": one.device_kind, "roof": {"flops": flops, "bandwidth": bandwidth},
                  "software": {"jax": jax.__version__, "driver": driver}}))
"""
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    if ran.returncode != 0:
        typer.echo(f"The device could not be asked:\n{ran.stderr[-2000:]}", err=True)
        raise typer.Exit(1)
    about: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return about


if __name__ == "__main__":
    with terminal.program():
        typer.run(main)
