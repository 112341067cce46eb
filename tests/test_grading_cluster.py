"""Grading on a Dask cluster: the same results as here, a lost worker costs nothing, another environment is refused."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fake_grader import SETTINGS, Fake, Watcher, hand_in, planned
from hang import HANG_S

from course.curriculum import lesson_of
from course.grading.model import FAILED, GRADED, GradingError, Job, Result, Settings, Submission
from course.grading.records import environment
from course.grading.records.results import Store
from course.grading.workers.runner import Threads, run

pytestmark = pytest.mark.one_set

distributed = pytest.importorskip("distributed", reason="the package distributed is not installed")


class There(Fake):
    """Tells where it ran; "once" dies with its whole Dask worker the first time; leaves a file when it is closed."""

    def grade(self, job: Job) -> Result:
        folder = Path(job.submission.file).parent
        if b"once" in job.content and not (folder / "died").exists():
            (folder / "died").touch()
            os._exit(9)
        self.left = folder / f"closed {os.getpid()} {id(self)}"
        return replace(super().grade(job), kernel=f"{os.getpid()} {id(self)}")

    def close(self) -> None:
        super().close()
        if hasattr(self, "left"):
            self.left.touch()


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": "127.0.0.1:0"}
    with distributed.LocalCluster(host="127.0.0.1", silence_logs=50, **options) as cluster:
        yield cluster.scheduler_address


def grade(
    scheduler: str, folder: Path, texts: dict[str, str], watcher: Watcher | None = None
) -> tuple[int, dict[str, Result]]:
    from course.grading.workers.cluster import Cluster

    with Store(folder / "out") as store:
        todo = planned(hand_in(folder / "in", texts), store)
        cluster = Cluster(scheduler, SETTINGS, There)
        assert cluster.workers >= 1 and cluster.threads >= 1
        status = run(todo.tasks, cluster, store, watcher or Watcher())
        return status, {result.learner: result for result in store.results()}


def comparable(result: Result) -> Result:
    return replace(result, kernel="", graded_at="")


def test_the_cluster_gives_what_this_machine_gives(scheduler: str, tmp_path: Path) -> None:
    texts = {f"learner{number:02}": "same" if number < 4 else f"text {number}" for number in range(30)}
    watcher = Watcher()
    status, there = grade(scheduler, tmp_path / "there", texts, watcher)
    assert status == 0 and list(there) == sorted(texts)
    with Store(tmp_path / "here" / "out") as store:
        todo = planned(hand_in(tmp_path / "here" / "in", texts), store)
        assert run(todo.tasks, Threads(SETTINGS, 1, There), store, Watcher()) == 0
        assert [comparable(one) for one in store.results()] == [comparable(one) for one in there.values()]
    processes = {result.kernel.split()[0] for result in there.values()}
    assert str(os.getpid()) not in processes and len(processes) == 2, "both workers worked"
    graders = {result.kernel for result in there.values()}
    assert len(graders) == 2, "a grader for each thread, kept from job to job"
    assert {one.name for one in (tmp_path / "there" / "in").glob("closed *")} == {f"closed {one}" for one in graders}
    assert set(watcher.begun) <= set(texts) and watcher.begun, "who is in work is told"


def test_a_grader_that_breaks_or_a_file_that_goes_costs_one_submission(scheduler: str, tmp_path: Path) -> None:
    from course.grading.workers.cluster import Cluster

    found = hand_in(
        tmp_path / "in", {"ada": "1", "bob": "break", **{f"gone{number}": "1" for number in range(6)}, "zoe": "2"}
    )
    with Store(tmp_path / "out") as store:
        todo = planned(found, store)
        for one in found:
            if one.learner.startswith("gone"):
                Path(one.file).unlink()
        assert run(todo.tasks, Cluster(scheduler, SETTINGS, There), store, Watcher()) == 0
        status = {result.learner: result.status for result in store.results()}
        assert (
            store.results()[1].problem
            == "Two errors of the grader (the last one ConnectionError: the process ended). Grade again."
        )
    assert status == {one.learner: GRADED if one.learner in ("ada", "zoe") else FAILED for one in found}


def test_a_dask_worker_that_dies_costs_nothing(scheduler: str, tmp_path: Path) -> None:
    status, there = grade(scheduler, tmp_path, {"ada": "1", "bob": "once", "carl": "2"})
    assert (tmp_path / "in" / "died").exists()
    assert status == 0 and {result.status for result in there.values()} == {GRADED}


def test_a_signal_ends_what_runs_on_the_cluster_and_leaves_it_usable(scheduler: str, tmp_path: Path) -> None:
    class Interrupts(Watcher):
        def finished(self, result: Result, seconds: float) -> None:
            super().finished(result, seconds)
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()

    # The slow ones end when they are closed, and not before.
    status, there = grade(scheduler, tmp_path, {"ada": "1", "bob": "slow", "carl": "slow 2"}, Interrupts())
    assert status == signal.SIGINT and list(there) == ["ada"]
    # There are two workers of one thread each: these are graded because the threads are free again.
    status, there = grade(scheduler, tmp_path, {"ada": "1", "bob": "2", "carl": "3"})
    assert status == 0 and list(there) == ["ada", "bob", "carl"]


def test_a_cluster_with_other_versions_is_refused_and_they_are_named(
    scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from course.grading.workers.cluster import Cluster

    here = environment.describe()
    with monkeypatch.context() as patched:
        patched.setattr(environment, "versions", lambda: {**here, "jax": "0.0.1"})
        with pytest.raises(
            GradingError,
            match=rf"Dask worker tcp://\S+ differs from this machine: jax {here['jax']} instead of 0\.0\.1\.",
        ):
            Cluster(scheduler, SETTINGS, There)
    with monkeypatch.context() as patched:
        patched.setattr(environment, "source_digest", lambda: "another catalogue")
        with pytest.raises(GradingError, match="other files of the course"):
            Cluster(scheduler, SETTINGS, There)


def test_a_worker_that_joined_later_with_other_versions_grades_nothing() -> None:
    from course.grading.workers.cluster import Graders

    plugin = Graders("run", There, SETTINGS, "another environment")
    plugin.setup(None)
    try:
        with pytest.raises(GradingError, match="different versions"):
            plugin.grade(Job("k", Submission("ada", lesson_of("the_neuron"), "", "a"), b"", "", SETTINGS))
    finally:
        plugin.teardown(None)


def test_a_worker_without_bubblewrap_is_refused_unless_no_sandbox_is_wanted(scheduler: str) -> None:
    from course.grading.workers.cluster import Cluster

    def without(why: str) -> None:
        from course.grading.sandbox import bubblewrap

        bubblewrap.available = lambda: why  # type: ignore[assignment]

    def as_before() -> None:
        from course.grading.sandbox import bubblewrap

        importlib.reload(bubblewrap)

    client = distributed.Client(scheduler, set_as_default=False)
    client.run(without, "The program bubblewrap (bwrap) is not installed.")
    try:
        with pytest.raises(
            GradingError,
            match=r"has no sandbox: The program bubblewrap .* Install bubblewrap there, or use --no-sandbox",
        ):
            Cluster(scheduler, Settings(seed=7, sandbox=True), There)
        Cluster(scheduler, Settings(seed=7, sandbox=False), There).close()
    finally:
        client.run(as_before)
        client.close()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense"])
def test_no_scheduler_is_said_in_a_sentence(address: str) -> None:
    code = f"""
import threading
from course.grading import model
from course.grading.workers import cluster
cluster.CONNECT_S = 0.5
try:
    cluster.Cluster({address!r}, model.Settings(7), None)
except model.GradingError as error:
    print(error)
print([thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()])
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=HANG_S)
    sentence, waited_for = said.stdout.splitlines()
    assert sentence.startswith(f"There is no Dask scheduler at '{address}' (") and "tcp://host:8786" in sentence
    assert said.stderr == "" and waited_for == "[]", "and nothing is left to end late"


def test_a_cluster_without_workers_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from course.grading.workers import cluster

    monkeypatch.setattr(cluster, "WORKERS_S", 0.5)
    with (
        distributed.LocalCluster(
            n_workers=0, dashboard_address="127.0.0.1:0", host="127.0.0.1", silence_logs=50
        ) as empty,
        pytest.raises(GradingError, match=r"has no workers\. Start some"),
    ):
        cluster.Cluster(empty.scheduler_address, SETTINGS, There)


def test_grading_here_needs_no_dask() -> None:
    code = "import sys, course.grading.session; print('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
