"""Promises of what was recorded on other devices: shown beside a measured answer, and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from making import code, notebook
from matplotlib.axes import Axes

from benchmarks.lessons import of_lesson
from course import plot, predict, recorded
from course.authoring.lessons import course_root
from course.predict import Source
from course.recorded import Record

ROOT = course_root(Path(__file__).parent)
QUESTION = "How many times as fast is the batch?"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder in the place of the course's own records, and a session without guesses."""
    monkeypatch.setenv(recorded.VARIABLE, str(tmp_path))
    recorded._read.cache_clear()
    monkeypatch.setattr(recorded, "drawn", {})
    import_module("course.predict")._made.clear()
    yield tmp_path
    recorded._read.cache_clear()


def put(folder: Path, chip: str, answer: float | str = 41.23) -> None:
    record = Record(chip, "2026-11-30", lessons={"the_neuron": {QUESTION: answer}})
    (folder / recorded.file_name(chip)).write_text(json.dumps(asdict(record)), encoding="utf-8")


def shown(source: Source = "measured") -> tuple[str, str]:
    answer = predict(QUESTION, unit="×").reveal(3, source=source)
    return repr(answer), answer._repr_html_()


def test_without_a_record_the_answer_is_shown_alone(folder: Path) -> None:
    assert shown()[0] == "measured here: 3 ×"


def test_a_recorded_answer_is_shown_paler_beside_the_measured_one(folder: Path) -> None:
    put(folder, "NVIDIA H200")
    text, page = shown()
    assert text == "measured here: 3 ×  ·  recorded on an H200: 41.2 ×"
    assert "<b>3 ×</b> <span style='opacity: 0.7'>· recorded on an H200: 41.2 ×</span>" in page


def test_a_guess_stands_beside_both(folder: Path) -> None:
    put(folder, "NVIDIA H200")
    predict(QUESTION, unit="×").answer(3)
    text, page = shown()
    assert text == "your guess: 3 ×  ·  measured here: 3 ×  ·  recorded on an H200: 41.2 ×  (spot on)"
    assert "recorded on an H200" in page and "spot on" in page


@pytest.mark.parametrize("source", ["counted", "computed", "datasheet", "simulated"])
def test_what_is_the_same_on_every_device_has_no_second_number(folder: Path, source: Source) -> None:
    put(folder, "NVIDIA H200")
    assert "recorded" not in "".join(shown(source))


def test_a_device_does_not_show_its_own_record(folder: Path) -> None:
    import jax

    put(folder, jax.devices()[0].device_kind)
    assert "recorded" not in "".join(shown())


@pytest.mark.parametrize("text", ["", "[]", '{"chip": 3, "what": 1}', "{" * 9])
def test_a_damaged_record_counts_as_none(folder: Path, text: str) -> None:
    (folder / "lessons_x.json").write_text(text, encoding="utf-8")
    put(folder, "Tesla T4")
    assert [record.name for record in recorded.records()] == ["a T4"]
    assert "recorded on a T4" in shown()[0]


@pytest.mark.parametrize(
    ("chip", "name"),
    [
        ("NVIDIA A100-SXM4-40GB", "an A100"),
        ("NVIDIA H100 80GB HBM3", "an H100"),
        ("NVIDIA GeForce RTX 4090", "an RTX 4090"),
        ("Tesla V100-SXM2-16GB", "a V100"),
        ("NVIDIA B200", "a B200"),
        ("TPU v5 lite", "a TPU v5 lite"),
    ],
)
def test_a_chip_is_called_by_its_short_name(chip: str, name: str) -> None:
    assert Record(chip, "2026-11-30").name == name


def test_records_of_the_course_are_of_gpus_and_of_questions_that_its_lessons_ask() -> None:
    lessons = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "notebooks").glob("*.ipynb"))
    # A question may be written in two pieces, on two lines.
    asked = "".join(lessons.replace('\\"\\n",', "").split())
    for record in recorded.records():
        assert "cpu" not in record.chip.lower()
        assert record.roof.keys() == {"flops", "bandwidth"}
        for question in (question for answers in record.lessons.values() for question in answers):
            assert "".join(question.split())[:30] in asked, f"{record.chip}: {question}"


CROSSOVER = next(title for title, lines in recorded.PICTURES.items() if lines)
ROOFLINE = next(title for title, lines in recorded.PICTURES.items() if lines is None)
LESSON = f"""\
from course import predict
from course.predict import my_numbers
timed = predict("How long?", unit="ms")
counted = predict("How many?")
open_ = predict("Why?")
timed.reveal(2.5, source="measured")
counted.reveal(3, source="counted")
from course import plot
for title in ({CROSSOVER!r}, "another"):
    plot.curves([1, 10], {{"NumPy": [1, 20], "jit": [3, 4]}}, title=title, log="xy", xlabel="numbers", ylabel="time (µs)")"""


def test_a_recording_keeps_the_measured_answers_of_a_lesson_and_goes_on_after_a_cell_that_fails(tmp_path: Path) -> None:
    path = tmp_path / "lesson.ipynb"
    cells = (code("1 / 0"), code(LESSON))
    path.write_text(json.dumps(notebook(*cells)), encoding="utf-8")
    program = f"import json; from benchmarks.lessons import of_lesson; from pathlib import Path; print(json.dumps({of_lesson.__name__}(Path({str(path)!r}))))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout.splitlines()[-1]) == {
        "answers": {"How long?": 2.5},
        "pictures": {CROSSOVER: {"x": [1, 10], "lines": {"jit": [3.0, 4.0]}}},
        "problems": ["cell 1: ZeroDivisionError: division by zero"],
    }


def crossover(title: str = CROSSOVER) -> Axes:
    lines = {"NumPy": [1.0, 20.0], "jit": [3.0, 4.0]}
    return plot.curves([1, 10], lines, title=title, log="xy", xlabel="numbers", ylabel="time (µs)")


def roofline(title: str = ROOFLINE) -> Axes:
    points = {"sum": (0.5, 4e9), "product": (64.0, 90e9)}
    return plot.roofline(points, peak_flops=100e9, peak_bandwidth=10e9, title=title)


def labels(ax: Axes) -> list[str]:
    legend = ax.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend else []


@pytest.fixture
def pictures(folder: Path) -> Path:
    """The record of a GPU, with both kinds of pictures."""
    there: dict[str, dict[str, Any]] = {
        CROSSOVER: {"x": [1, 10, 100], "lines": {"jit": [9.0, 9.0, 9.5]}},
        ROOFLINE: {"points": {"sum": [0.5, 1.5e12], "product": [90.0, 4e14]}},
    }
    record = Record("NVIDIA H200", "2026-11-30", roof={"flops": 5e14, "bandwidth": 4e12}, pictures=there)
    (folder / recorded.file_name(record.chip)).write_text(json.dumps(asdict(record)), encoding="utf-8")
    return folder


def test_without_a_record_the_pictures_show_this_device_alone(folder: Path) -> None:
    assert labels(crossover()) == ["NumPy", "jit"]
    assert labels(roofline()) == ["sum", "product"]


def test_a_recorded_line_is_drawn_paler_in_the_color_and_with_the_mark_of_its_own(pictures: Path) -> None:
    ax = crossover()
    assert labels(ax) == ["NumPy", "jit", "jit, recorded on an H200"]
    own, pale = ax.lines[1], ax.lines[2]
    assert (own.get_color(), own.get_marker()) == (pale.get_color(), pale.get_marker())
    assert (pale.get_alpha() or 1) < (own.get_alpha() or 1)
    assert np.asarray(pale.get_xydata()).tolist() == [[1, 9], [10, 9], [100, 9.5]]
    assert "jit, recorded on an H200" in plot.describe(ax.figure)


def test_a_recorded_roof_and_its_points_are_drawn_paler_and_said(pictures: Path) -> None:
    ax = roofline()
    assert labels(ax) == ["roof of this device", "recorded on an H200", "sum", "product"]
    places = {
        line.get_label(): (np.asarray(line.get_xydata()).tolist(), line.get_marker(), line.get_alpha())
        for line in ax.lines
    }
    for name, theirs in (("sum", [[0.5, 1500]]), ("product", [[90, 400_000]])):
        assert places[f"_{name}"][0] == theirs and places[f"_{name}"][1] == places[name][1]
        assert (places[f"_{name}"][2] or 1) < (places[name][2] or 1)
        assert ax.get_xlim()[0] <= theirs[0][0] <= ax.get_xlim()[1]
    words = plot.describe(ax.figure)
    assert "Recorded on an H200, paler: a roof that rises to 500,000 at its ridge, 125 FLOP/byte" in words


@pytest.mark.parametrize("draw", [crossover, roofline])
def test_a_picture_of_another_title_has_no_second_line(pictures: Path, draw: Callable[..., Axes]) -> None:
    assert not [label for label in labels(draw(title="another")) if "recorded" in label]


@pytest.mark.parametrize("draw", [crossover, roofline])
def test_a_device_does_not_show_its_own_pictures(pictures: Path, draw: Callable[..., Axes]) -> None:
    import jax

    (path,) = pictures.iterdir()
    path.write_text(
        path.read_text(encoding="utf-8").replace("NVIDIA H200", jax.devices()[0].device_kind), encoding="utf-8"
    )
    assert not [label for label in labels(draw()) if "recorded" in label]


def test_each_recorded_picture_is_drawn_by_a_lesson_with_its_lines() -> None:
    cells = [
        "".join(cell["source"])
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    ]
    for title, lines in recorded.PICTURES.items():
        (cell,) = [cell for cell in cells if f'title="{title}"' in cell]
        assert ("plot.roofline(" if lines is None else "plot.curves(") in cell
    for name in recorded.PICTURES[CROSSOVER] or ():
        assert any("def race_with" in cell and f'"{name}": lambda' in cell for cell in cells)


@pytest.mark.thorough
def test_a_rehearsal_under_another_chips_name_shows_its_numbers_in_the_lesson(tmp_path: Path) -> None:
    """`make gpu-record`, on the CPU, for one lesson; then a learner's session sees it."""
    words = ["--chip", "NVIDIA H200", "--to", str(tmp_path), "--lesson", "start_here"]
    command = [sys.executable, "-m", "benchmarks.lessons", *words]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "answers of 1 lessons and 0 pictures on an H200" in ran.stdout and "cell" not in ran.stderr
    record = json.loads((tmp_path / "lessons_nvidia_h200.json").read_text(encoding="utf-8"))
    question, answer = next(iter(record["lessons"]["start_here"].items()))
    program = f"import jax; jax.devices(); from course import predict; print(predict({question!r}).reveal(1, source='measured'))"
    env = {**os.environ, recorded.VARIABLE: str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, env=env, check=True
    )
    assert "recorded on an H200: " in said.stdout and answer > 0


def test_without_a_gpu_and_a_name_nothing_is_recorded(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.lessons", "--to", str(tmp_path), "--lesson", "start_here"]
    env = {**os.environ, "JAX_PLATFORMS": "cpu"}
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=env, check=False)
    assert ran.returncode == 1 and "JAX finds no GPU here" in ran.stderr
    assert list(tmp_path.iterdir()) == []
