"""The same submission gets the same points, however it is graded; and grading changes nothing of what was handed in."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from submissions import LESSON, ROOT, handed_in

from course.grading import sandbox
from course.grading.session import Options, grade_class

pytestmark = pytest.mark.skipif(bool(sandbox.available()), reason=f"bubblewrap: {sandbox.available()}")

CLASS = {
    "ada": handed_in(),
    "bob": handed_in(
        {"softmax": "def softmax(Z):\n    e = jnp.exp(Z)\n    return e / e.sum(axis=-1, keepdims=True)", "layer": ""}
    ),
    "carl": handed_in(
        {
            "relu": "import os\nos._exit(1)",
            "he_init": "def he_init(key, n_in, n_out):\n    return jnp.zeros((n_out, n_in)), jnp.zeros(n_out)",
        }
    ),
    "dora": handed_in({"neuron": "def neuron(x, w, b):\n    return w @ x"}),
}


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("class")
    for learner, nb in CLASS.items():
        (folder / learner).mkdir()
        (folder / learner / f"{LESSON}.ipynb").write_text(json.dumps(nb))
    (folder / "eve").mkdir()
    (folder / "eve" / f"{LESSON}.ipynb").write_text("{ broken")
    return folder


def grade(handed: Path, out: Path, **more: Any) -> dict[str, dict[str, str]]:
    """The rows of the grade book, by learner."""
    options = Options(handed, out, lessons=(LESSON,), seed=3, course=ROOT, **more)
    assert grade_class(options, Console(quiet=True)) == 0
    with open(out / "grades.csv", encoding="utf-8-sig", newline="") as file:
        return {row["learner"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def once(handed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    return grade(handed, tmp_path_factory.mktemp("once"), jobs=1)


def test_the_points_are_those_that_were_earned(once: dict[str, dict[str, str]]) -> None:
    assert float(once["ada"]["percent"]) == 100
    assert float(once["bob"]["layer"]) == 0 < float(once["bob"]["softmax"]) < 3
    assert (float(once["carl"]["relu"]), float(once["carl"]["neuron"])) == (0, 2)
    assert float(once["eve"]["points"]) == 0 and once["eve"]["problem"]


@pytest.mark.parametrize(
    "way", [{"jobs": 4}, {"sandbox": False}, {"warm": False, "jobs": 2}], ids=["four workers", "no sandbox", "cold"]
)
def test_the_points_are_the_same_in_other_ways(once: Any, handed: Path, tmp_path: Path, way: dict[str, Any]) -> None:
    assert grade(handed, tmp_path / "grades", **way) == once


def test_the_points_are_the_same_on_dask(once: Any, handed: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        assert grade(handed, tmp_path / "grades", dask=cluster.scheduler_address) == once


def test_other_inputs_give_a_right_answer_its_points_too(handed: Path, tmp_path: Path) -> None:
    options = Options(handed, tmp_path / "grades", lessons=(LESSON,), only=("ada",), course=ROOT, jobs=1)
    assert grade_class(options, Console(quiet=True)) == 0
    line = json.loads((tmp_path / "grades" / "results.jsonl").read_text().splitlines()[0])
    assert sum(question["points"] for question in line["questions"]) == 17
    assert line["seed"] == json.loads((tmp_path / "grades" / "run.json").read_text())["seed"]


def test_nothing_in_the_submissions_folder_is_changed(handed: Path, tmp_path: Path) -> None:
    def state() -> dict[str, tuple[str, int]]:
        files = sorted(path for path in handed.rglob("*") if path.is_file())
        return {str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in files}

    before = state()
    grade(handed, tmp_path / "grades", only=("carl",))
    assert state() == before
