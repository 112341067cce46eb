"""The same submission gets the same points, however it is graded; and grading changes nothing of what was handed in."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from rich.console import Console
from submissions import LESSON, ROOT, handed_in

from course.checks import exercises
from course.grading import session
from course.grading.model import Job, Result, Settings
from course.grading.options import Options
from course.grading.sandbox import bubblewrap
from course.grading.workers.worker import Worker

pytestmark = [
    pytest.mark.one_set,
    pytest.mark.skipif(bool(bubblewrap.available()), reason=f"bubblewrap: {bubblewrap.available()}"),
]

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


class Kept:
    """A grader that outlives its run: the next run goes on with its process, in which all is imported and computed."""

    free: ClassVar[list[Worker]] = []

    def __init__(self, settings: Settings) -> None:
        self._worker: Worker | None = self.free.pop() if self.free else Worker(settings)

    def grade(self, job: Job) -> Result:
        assert self._worker is not None
        return self._worker.grade(job)

    def close(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            self.free.append(worker)


@pytest.fixture(scope="module", autouse=True)
def _graders_are_kept() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "Worker", Kept)
        yield
    while Kept.free:
        Kept.free.pop().close()


def grade(handed: Path, out: Path, **more: Any) -> dict[str, dict[str, str]]:
    """The rows of the grade book, by learner."""
    options = Options(handed, out, **{"lessons": (LESSON,), "seed": 3, "course": ROOT, **more})
    assert session.grade_class(options, Console(quiet=True)) == 0
    with open(out / "grades.csv", encoding="utf-8-sig", newline="") as file:
        return {row["learner"]: row for row in csv.DictReader(file)}


def files(folder: Path) -> dict[str, tuple[str, int]]:
    """The digest and the time of change of each file."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) for path in found}


@dataclass(frozen=True)
class Run:
    """A run over the class by two workers: what the grade book says, and the submissions' files before and after."""

    rows: dict[str, dict[str, str]]
    before: dict[str, tuple[str, int]]
    after: dict[str, tuple[str, int]]


@pytest.fixture(scope="module")
def once(handed: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    before = files(handed)
    return Run(grade(handed, tmp_path_factory.mktemp("once"), jobs=2), before, files(handed))


def test_the_points_are_those_that_were_earned(once: Run) -> None:
    rows = once.rows
    assert float(rows["ada"]["percent"]) == 100
    assert float(rows["bob"]["layer"]) == 0 < float(rows["bob"]["softmax"]) < 3
    assert (float(rows["carl"]["relu"]), float(rows["carl"]["neuron"])) == (0, 2)
    assert float(rows["eve"]["points"]) == 0 and rows["eve"]["problem"]


def test_the_points_are_the_same_from_one_worker(once: Run, handed: Path, tmp_path: Path) -> None:
    assert grade(handed, tmp_path / "grades", jobs=1) == once.rows


# A submission that is partly right, and one that ends its kernel.
TWO = ("bob", "carl")


def of_two(run: Run) -> dict[str, dict[str, str]]:
    return {learner: run.rows[learner] for learner in TWO}


@pytest.mark.thorough
@pytest.mark.parametrize("way", [{"sandbox": False}, {"warm": False}], ids=["no sandbox", "cold"])
def test_the_points_are_the_same_in_other_ways(once: Run, handed: Path, tmp_path: Path, way: dict[str, Any]) -> None:
    assert grade(handed, tmp_path / "grades", only=TWO, **way) == of_two(once)


@pytest.mark.thorough
def test_the_points_are_the_same_on_dask(
    once: Run, handed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    # Dask's worker is a process of its own, where a grader ends with the run.
    monkeypatch.setattr(session, "Worker", Worker)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        assert grade(handed, tmp_path / "grades", only=TWO, dask=cluster.scheduler_address) == of_two(once)


def test_other_inputs_give_a_right_answer_its_points_too(handed: Path, tmp_path: Path) -> None:
    grade(handed, tmp_path / "grades", only=("ada",), seed=None)
    line = json.loads((tmp_path / "grades" / "results.jsonl").read_text().splitlines()[0])
    assert sum(question["points"] for question in line["questions"]) == sum(
        one.points for one in exercises(LESSON).values()
    )
    assert line["seed"] == json.loads((tmp_path / "grades" / "run.json").read_text())["seed"]


def test_nothing_in_the_submissions_folder_is_changed(once: Run) -> None:
    assert once.before == once.after and len(once.before) == len(CLASS) + 1
