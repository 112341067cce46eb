"""Promises of what was recorded on other devices: shown beside a measured answer, and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import pytest
from making import code, notebook

from benchmarks.lessons import of_lesson
from course import predict, recorded
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


LESSON = """\
from course import predict
from course.predict import my_numbers
timed = predict("How long?", unit="ms")
counted = predict("How many?")
open_ = predict("Why?")
timed.reveal(2.5, source="measured")
counted.reveal(3, source="counted")"""


def test_a_recording_keeps_the_measured_answers_of_a_lesson_and_goes_on_after_a_cell_that_fails(tmp_path: Path) -> None:
    path = tmp_path / "lesson.ipynb"
    cells = (code("1 / 0"), code(LESSON))
    path.write_text(json.dumps(notebook(*cells)), encoding="utf-8")
    program = f"import json; from benchmarks.lessons import of_lesson; from pathlib import Path; print(json.dumps({of_lesson.__name__}(Path({str(path)!r}))))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout.splitlines()[-1]) == {
        "answers": {"How long?": 2.5},
        "problems": ["cell 1: ZeroDivisionError: division by zero"],
    }


@pytest.mark.thorough
def test_a_rehearsal_under_another_chips_name_shows_its_numbers_in_the_lesson(tmp_path: Path) -> None:
    """`make gpu-record`, on the CPU, for one lesson; then a learner's session sees it."""
    words = ["--chip", "NVIDIA H200", "--to", str(tmp_path), "--lesson", "start_here"]
    command = [sys.executable, "-m", "benchmarks.lessons", *words]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "answers of 1 lessons on an H200" in ran.stdout and "cell" not in ran.stderr
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
