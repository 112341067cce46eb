"""Running a class: what is done stays done, what breaks costs itself, what is interrupted goes on."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from fake_grader import LESSON, SETTINGS, Fake, Watcher, hand_in, planned
from hang import wait_until
from rich.console import Console

from course.checks import exercises
from course.curriculum import lesson_of
from course.grading.model import FAILED, GRADED, NOT_GRADABLE, GradingError, Job, Limits, Result, Settings, Submission
from course.grading.records import environment, plan
from course.grading.records.results import Store
from course.grading.run_screen import Pace, Screen, words
from course.grading.workers import runner
from course.grading.workers.runner import Threads, run

pytestmark = [pytest.mark.one_set, pytest.mark.usefixtures("heard_signals")]


@pytest.fixture
def fake() -> type[Fake]:
    class Counted(Fake):
        made: list[Fake] = []  # noqa: RUF012

    return Counted


def graded_by(fake: type[Fake]) -> Counter[str]:
    return Counter(learner for grader in fake.made for learner in grader.graded)


def grade(
    texts: dict[str, str], folder: Path, fake: type[Fake], jobs: int = 2, settings: Settings = SETTINGS
) -> Watcher:
    watcher = Watcher()
    with Store(folder / "out") as store:
        todo = planned(hand_in(folder / "in", texts), store, settings)
        for settled in todo.settled:
            store.add(settled)
        assert run(todo.tasks, Threads(settings, jobs, fake), store, watcher) == 0
    return watcher


def stored(folder: Path) -> dict[str, Result]:
    with Store(folder / "out") as store:
        return {result.learner: result for result in store.results()}


def test_each_is_graded_once_and_its_result_carries_its_own_name(tmp_path: Path, fake: type[Fake]) -> None:
    texts = {f"learner{number}": f"text {number}" for number in range(20)}
    watcher = grade(texts, tmp_path, fake, jobs=4)
    assert graded_by(fake) == Counter(list(texts)) == Counter(watcher.begun)
    assert 1 <= len(fake.made) <= 4 and all(grader.ended for grader in fake.made)
    results = stored(tmp_path)
    assert list(results) == sorted(texts)
    for learner, result in results.items():
        assert (result.learner, result.lesson, result.shown) == (learner, LESSON, f"{learner}.ipynb")
        assert result.points == result.possible == sum(one.points for one in exercises(LESSON).values())
        assert result.versions == environment.versions() and result.graded_at.endswith("+00:00")
    assert len({result.key for result in results.values()}) == 20


def test_the_second_run_grades_only_what_is_new_or_changed(tmp_path: Path, fake: type[Fake]) -> None:
    grade({"ada": "1", "bob": "1", "eve": ""}, tmp_path, fake)
    lines = (tmp_path / "out" / "results.jsonl").read_text()
    fake.made.clear()
    grade({"ada": "1", "bob": "1", "eve": ""}, tmp_path, fake)
    assert not graded_by(fake) and (tmp_path / "out" / "results.jsonl").read_text() == lines, "not a line more"
    grade({"ada": "1", "bob": "2", "eve": "3", "dan": "1"}, tmp_path, fake)
    assert graded_by(fake) == Counter(["bob", "eve", "dan"])


def test_a_key_follows_all_that_may_change_a_grade_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Submission("ada", LESSON, "/a", "a", "digest")

    def key(submission: Submission = one, solution: str = "s", settings: Settings = SETTINGS) -> str:
        return plan.key_of(submission, solution, settings)

    base = key()
    assert key(replace(one, learner="bob", file="/b", shown="b", notes=("late",), identity={"email": "x"})) == base
    assert key(settings=replace(SETTINGS, sandbox=True, warm=False)) == base, "points are the same either way"
    others = [
        key(replace(one, digest="other")),
        key(replace(one, lesson=lesson_of("cnn_classification"))),
        key(replace(one, problem="It is empty.")),
        key(solution="t"),
        key(settings=replace(SETTINGS, seed=8)),
        key(settings=replace(SETTINGS, limits=Limits(cell_s=1))),
    ]
    monkeypatch.setattr(plan, "environment_digest", lambda: "another catalogue")
    others.append(key())
    assert len({base, *others}) == 8


def test_the_same_file_under_another_name_keeps_its_grade_and_is_called_by_the_new_name(
    tmp_path: Path, fake: type[Fake]
) -> None:
    grade({"ada": "1"}, tmp_path, fake)
    found = [
        replace(one, shown="new.zip: ada.ipynb", notes=("late",)) for one in hand_in(tmp_path / "in", {"ada": "1"})
    ]
    with Store(tmp_path / "out") as store:
        todo = planned(found, store)
        assert not todo.tasks and todo.kept == 1
        assert (todo.settled[0].shown, todo.settled[0].notes) == ("new.zip: ada.ipynb", ("late",))
        store.add(todo.settled[0])
        assert planned(found, store).settled == ()


def test_what_can_t_be_graded_gets_a_row_with_its_reason_and_zero_of_all_points(
    tmp_path: Path, fake: type[Fake]
) -> None:
    grade({"eve": ""}, tmp_path, fake)
    assert not fake.made, "no worker is needed"
    result = stored(tmp_path)["eve"]
    assert (result.status, result.problem, result.points) == (NOT_GRADABLE, "eve.ipynb is empty. Hand it in again.", 0)
    assert result.possible == sum(one.points for one in exercises(LESSON).values())
    assert [question.name for question in result.questions] == list(exercises(LESSON))


def test_a_grader_that_breaks_costs_one_submission_and_the_next_run_tries_it_again(
    tmp_path: Path, fake: type[Fake]
) -> None:
    texts = {"ada": "1", "bob": "break", "carl": "2", "dan": "fail", "eve": "break once", "fay": "3"}
    grade(texts, tmp_path, fake, jobs=1)
    assert graded_by(fake) == Counter({"ada": 1, "bob": 2, "carl": 1, "dan": 2, "eve": 2, "fay": 1})
    assert all(grader.ended for grader in fake.made) and len(fake.made) == 6, "a fresh grader after each break"
    results = stored(tmp_path)
    status = {learner: result.status for learner, result in results.items()}
    assert status == {"ada": GRADED, "bob": FAILED, "carl": GRADED, "dan": FAILED, "eve": GRADED, "fay": GRADED}
    assert (
        results["bob"].problem
        == "Two errors of the grader (the last one ConnectionError: the process ended). Grade again."
    )
    assert results["dan"].problem == "The kernel can't be started."
    fake.made.clear()
    grade(texts, tmp_path, fake)
    assert set(graded_by(fake)) == {"bob", "dan"}


def test_a_file_that_changed_or_went_away_meanwhile_is_not_graded_as_the_other(
    tmp_path: Path, fake: type[Fake]
) -> None:
    found = hand_in(tmp_path / "in", {"ada": "1", "bob": "1", "carl": "1"})
    with Store(tmp_path / "out") as store:
        todo = planned(found, store)
        Path(found[0].file).write_text("2", encoding="utf-8")
        Path(found[1].file).unlink()
        assert run(todo.tasks, Threads(SETTINGS, 1, fake), store, Watcher()) == 0
    problems = {learner: result.problem for learner, result in stored(tmp_path).items()}
    assert problems["ada"] == "The file changed while the class was being graded. Grade again."
    assert problems["bob"] == "The file can't be read: No such file or directory. Fix that and grade again."
    assert problems["carl"] == "" and graded_by(fake) == Counter(["carl"])


def test_where_no_grader_can_be_had_the_run_ends_with_its_sentence(tmp_path: Path) -> None:
    def factory(settings: Settings) -> Fake:
        raise GradingError("Install nbval.")

    with Store(tmp_path / "out") as store:
        todo = planned(hand_in(tmp_path / "in", {"ada": "1", "bob": "1"}), store)
        with pytest.raises(GradingError, match=r"Install nbval\."):
            run(todo.tasks, Threads(SETTINGS, 2, factory), store, Watcher())
        assert store.results() == []


def test_results_that_can_t_be_written_end_the_run_and_its_graders(
    tmp_path: Path, fake: type[Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Store, result: Result) -> None:
        raise GradingError("No space left.")

    monkeypatch.setattr(Store, "add", full)
    with Store(tmp_path / "out") as store:
        todo = planned(hand_in(tmp_path / "in", {"ada": "1", "bob": "slow", "carl": "slow"}), store)
        with pytest.raises(GradingError, match="No space left"):
            run(todo.tasks, Threads(SETTINGS, 2, fake), store, Watcher())
    assert all(grader.ended for grader in fake.made)
    assert not [thread for thread in threading.enumerate() if "_work" in thread.name]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_keeps_what_is_finished_kills_what_runs_and_starts_nothing(
    tmp_path: Path, fake: type[Fake], number: signal.Signals
) -> None:
    texts = {"ada": "1", "bob": "2", "carl": "slow", "dan": "slow 2", "eve": "3", "fay": "4"}
    before = signal.getsignal(number)

    class Interrupts(Watcher):
        def started(self, submission: Submission) -> None:
            super().started(submission)
            if submission.learner == "dan":
                os.kill(os.getpid(), number)

    # The slow ones end when they are closed, and not before: that this comes back says that they were.
    watcher = Interrupts()
    with Store(tmp_path / "out") as store:
        todo = planned(hand_in(tmp_path / "in", texts), store)
        assert run(todo.tasks, Threads(SETTINGS, 2, fake), store, watcher) == number
    assert signal.getsignal(number) is before
    assert list(stored(tmp_path)) == ["ada", "bob"] and all(grader.ended for grader in fake.made)
    assert not {"eve", "fay"} & set(graded_by(fake)), "nothing new starts"
    fake.made.clear()
    grade({**texts, "carl": "quick", "dan": "quick, too"}, tmp_path, fake)
    assert graded_by(fake) == Counter(["carl", "dan", "eve", "fay"]), "none twice, none left out"


def test_what_a_grader_says_while_it_is_killed_is_not_believed(tmp_path: Path) -> None:
    """A kernel that is killed looks like an answer that died: it must not become a learner's zero."""

    class Dying(Fake):
        def grade(self, job: Job) -> Result:
            wait_until(lambda: self.ended, "the grader to be closed")
            return Result(job.key, "", "", "", GRADED, 7)

    class Interrupts(Watcher):
        def started(self, submission: Submission) -> None:
            os.kill(os.getpid(), signal.SIGINT)

    with Store(tmp_path / "out") as store:
        todo = planned(hand_in(tmp_path / "in", {"ada": "1"}), store)
        assert run(todo.tasks, Threads(SETTINGS, 1, Dying), store, Interrupts()) == signal.SIGINT
        assert store.results() == []


def test_the_time_left_is_sensible_from_the_first_result_on() -> None:
    now = 0.0
    pace = Pace([LESSON] * 10, 2, {}, clock=lambda: now)
    assert pace.left() is None
    pace.started("ada", LESSON)
    pace.started("bob", LESSON)
    now = 10.0
    pace.finished("ada", LESSON, 10.0)
    # Nine are left, one of them nearly done, two at a time: not 90 s, which the first result alone would tell.
    assert pace.left() == pytest.approx((9 * 10 - 10) / 2)
    pace.finished("bob", LESSON, 10.0)
    pace.started("carl", LESSON)
    now = 15.0
    assert pace.left() == pytest.approx((8 * 10 - 5) / 2), "it counts down between results"
    assert pace.running == [("carl", LESSON, 5.0)]
    now = 300.0
    assert pace.left() == pytest.approx(7 * 10 / 2), "a slow one does not make it negative"


def test_the_time_left_knows_lessons_apart_and_what_an_earlier_run_took() -> None:
    pace = Pace(["02", "02", "04"], 1, {"02": [4.0], "04": [20.0]}, clock=lambda: 0.0)
    assert pace.left() == pytest.approx(4 + 4 + 20)
    pace.finished("ada", "02", 6.0)
    assert pace.left() == pytest.approx(6 + 20), "what is measured now counts more"
    pace.finished("ada", "04", 30.0)
    pace.finished("bob", "02", 6.0)
    assert pace.left() == 0


def test_a_length_of_time_reads_as_one_says_it() -> None:
    assert [words(one) for one in (0.2, 7.4, 42, 100, 3540, 4800)] == [
        "1 s",
        "7 s",
        "40 s",
        "2 min",
        "59 min",
        "1 h 20 min",
    ]


def test_progress_names_who_is_in_work_and_elsewhere_speaks_now_and_then(tmp_path: Path) -> None:
    now = 0.0

    def clock() -> float:
        return now

    one, *_ = hand_in(tmp_path, {"ada": "1"})
    terminal = Console(force_terminal=True, width=80, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    screen = Screen(terminal, 3, Pace([LESSON] * 3, 1, {}, clock), clock)
    screen.started(one)
    now = 12.0
    terminal.print(screen.picture())
    said = terminal.export_text()
    assert "0 of 3 graded, time left not known yet" in said and "In work: ada 12 s" in said
    assert all(len(line) <= 80 for line in said.splitlines()) and len(said.splitlines()) == 2

    plain = Console(force_terminal=False, width=40, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    with Screen(plain, 40, Pace([LESSON] * 40, 1, {}, clock), clock) as screen:
        for number in range(40):
            now += 5
            result = Result(
                "", f"learner{number}", LESSON, "x.ipynb", FAILED if number == 3 else GRADED, 7, problem="It broke."
            )
            screen.finished(result, 5.0)
    lines = plain.export_text().splitlines()
    assert lines[0] == "1 of 40 graded, 3 min left, last learner0"
    assert lines[1] == "x.ipynb: It broke." and lines[-1] == "40 of 40 graded, 1 failed, last learner39"
    assert len(lines) == 1 + 1 + 6 + 1, "a line each 30 s"


def test_the_last_one_that_takes_long_is_named_with_the_time_when_it_ends_at_the_latest(tmp_path: Path) -> None:
    now = 0.0
    ada, bob = hand_in(tmp_path, {"ada": "1", "bob": "2"})
    console = Console(force_terminal=False, width=200, record=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    pace = Pace([LESSON] * 2, 2, {}, lambda: now, longest_s=600)
    with Screen(console, 2, pace, lambda: now) as screen:
        screen.started(ada)
        screen.started(bob)
        screen.waiting()
        now = 10.0
        screen.finished(Result("", "ada", LESSON, "x.ipynb", GRADED, 7), 10.0)
        now = 31.0
        screen.waiting()
        now = 130.0
        screen.waiting()
        screen.waiting()
        now = 700.0
        screen.waiting()
    assert console.export_text().splitlines() == [
        "0 of 2 graded, time left not known yet, in work: ada 0 s, bob 0 s",
        "1 of 2 graded, waiting for bob, stopped at the latest in 9 min, in work: bob 31 s",
        "1 of 2 graded, waiting for bob, stopped at the latest in 8 min, in work: bob 130 s",
        "1 of 2 graded, waiting for bob, stopped at the latest in 1 s, in work: bob 700 s",
    ]


def test_a_run_without_news_tells_its_progress_so(
    tmp_path: Path, fake: type[Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "WAITING_S", 0.05)

    watcher = Watcher()

    class Slow(Fake):
        def grade(self, job: Job) -> Result:
            wait_until(lambda: watcher.waited >= 2, "the run to tell twice that there is no news")
            return super().grade(job)

    with Store(tmp_path / "out") as store:
        todo = planned(hand_in(tmp_path / "in", {"ada": "1"}), store)
        assert run(todo.tasks, Threads(SETTINGS, 1, Slow), store, watcher) == 0
    assert [result.status for result in watcher.ended] == [GRADED] and watcher.waited >= 2


def test_graded_and_ungradable_submissions_are_counted_apart(tmp_path: Path, fake: type[Fake]) -> None:
    texts = {"ada": "1", "bob": "2", "eve": ""}
    with Store(tmp_path / "out") as store:
        todo = planned(hand_in(tmp_path / "in", texts), store)
        assert (len(todo.tasks), todo.kept, todo.refused) == (2, 0, 1)
    grade(texts, tmp_path, fake)
    with Store(tmp_path / "out") as store:
        todo = planned(hand_in(tmp_path / "in", texts), store)
        assert (len(todo.tasks), todo.kept, todo.refused) == (0, 2, 1)
