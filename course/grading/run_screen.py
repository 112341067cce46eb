"""What the instructor sees while a class is graded: how many are done, the time left, who is in work."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from course.grading.model import FAILED, Result, Submission

EVERY_S = 30.0  # seconds between two lines where the output is no terminal
_NAMED = 2  # learners in one line

Clock = Callable[[], float]


class Pace:
    """Estimates the time left, from what each submission took so far.

    A lesson's submissions are expected to take the mean of those that are done, as rare slow ones (a limit that was hit) are part of
    the sum; before the first, what they took in an earlier run, or other lessons' mean. What is in work counts with the rest of it.
    """

    def __init__(
        self,
        lessons: Iterable[str],
        parallel: int,
        earlier: Mapping[str, Sequence[float]],
        clock: Clock = time.monotonic,
        longest_s: float | None = None,
    ) -> None:
        """Of each submission its lesson; how many are graded at a time; seconds per lesson that are known from before.

        `longest_s`: after so many seconds a submission is stopped.
        """
        self._clock = clock
        self._longest_s = longest_s
        self._parallel = parallel
        self._left = Counter(lessons)
        self._earlier = {lesson: list(seconds) for lesson, seconds in earlier.items() if seconds}
        self._took: dict[str, list[float]] = {}
        self._running: dict[tuple[str, str], float] = {}

    @property
    def running(self) -> list[tuple[str, str, float]]:
        """(learner, lesson, seconds so far) of those in work, the longest first."""
        now = self._clock()
        return [(*who, now - since) for who, since in sorted(self._running.items(), key=lambda item: item[1])]

    def started(self, learner: str, lesson: str) -> None:
        """This one is in work."""
        self._running[learner, lesson] = self._clock()

    def finished(self, learner: str, lesson: str, seconds: float) -> None:
        """This one is done, and took so long."""
        self._running.pop((learner, lesson), None)
        self._left[lesson] -= 1
        self._took.setdefault(lesson, []).append(seconds)

    def overdue(self) -> tuple[list[str], float | None]:
        """Whom the end of the run waits for, where they took longer than is usual, and in how many seconds at most it comes.

        Nobody, while others wait for their turn, or somebody is within the usual time.
        """
        running, usual = self.running, self.left()
        if not running or len(running) < self._left.total() or usual is None or usual >= 1:
            return [], None
        left = None if self._longest_s is None else max(0.0, self._longest_s - running[-1][2])
        return [learner for learner, _, _ in running], left

    def left(self) -> float | None:
        """Seconds until all are done; None while nothing is known."""
        outstanding = self._left.total()
        if not outstanding:
            return 0.0
        known = self._earlier | self._took
        if not known:
            return None
        others = fmean([one for seconds in known.values() for one in seconds])
        expected = {lesson: fmean(known[lesson]) if lesson in known else others for lesson in self._left}
        work = sum(count * expected[lesson] for lesson, count in self._left.items())
        work -= sum(min(seconds, expected[lesson]) for _, lesson, seconds in self.running)
        return work / min(self._parallel, outstanding)


class Screen:
    """Progress on a terminal, as two lines that stay; elsewhere, as a line now and then. Use it in a `with` statement."""

    def __init__(self, console: Console, total: int, pace: Pace, clock: Clock = time.monotonic) -> None:
        self._console = console
        self._total = total
        self._pace = pace
        self._clock = clock
        self._done = self._failed = 0
        self._said_at = float("-inf")
        self._live: Live | None = None
        if console.is_terminal and total:
            self._live = Live(console=console, get_renderable=self.picture, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def started(self, submission: Submission) -> None:
        """A worker took this one."""
        self._pace.started(submission.learner, submission.lesson)

    def finished(self, result: Result, seconds: float) -> None:
        """This one's result is stored."""
        self._pace.finished(result.learner, result.lesson, seconds)
        self._done += 1
        if result.status == FAILED:
            self._failed += 1
            self._console.print(f"{result.shown}: {result.problem}", markup=False, highlight=False, soft_wrap=True)
        self._speak(f"last {result.learner}", now=self._done == self._total)

    def waiting(self) -> None:
        """Nothing has happened for a while."""
        names = [f"{learner} {seconds:.0f} s" for learner, _, seconds in self._pace.running]
        self._speak(f"in work: {', '.join(names) or 'nobody yet'}")

    def _speak(self, also: str, now: bool = False) -> None:
        """A line where the output is no terminal; not too often."""
        if not self._live and (now or self._clock() - self._said_at >= EVERY_S):
            self._said_at = self._clock()
            self._console.print(f"{self._counts()}, {also}", markup=False, highlight=False, soft_wrap=True)

    def picture(self) -> Group:
        """The two lines: bar, counts and time left; who is in work, and for how long."""
        running = self._pace.running
        several = len({lesson for _, lesson, _ in running}) > 1
        names = [
            f"{learner} {f'({lesson[:2]}) ' if several else ''}{seconds:.0f} s" for learner, lesson, seconds in running
        ]
        first = Table.grid(padding=(0, 1))
        bar = ProgressBar(
            self._total, self._done, width=max(10, min(30, self._console.width - 50)), complete_style="green"
        )
        first.add_row(bar, Text(self._counts(), style="bold", no_wrap=True))
        work = Text(f"In work: {' · '.join(names) or '–'}", style="dim", no_wrap=True, overflow="ellipsis")
        return Group(first, work)

    def _counts(self) -> str:
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done} of {self._total} graded{failed}{self._rest()}"

    def _rest(self) -> str:
        """What is still to come, and how long it takes."""
        if self._done == self._total:
            return ""
        late, at_most = self._pace.overdue()
        if late:
            more = f" and {len(late) - _NAMED} more" if len(late) > _NAMED else ""
            latest = "" if at_most is None else f", stopped at the latest in {words(at_most)}"
            return f", waiting for {', '.join(late[:_NAMED])}{more}{latest}"
        left = self._pace.left()
        return ", time left not known yet" if left is None else f", {words(left)} left"


def words(seconds: float) -> str:
    """A length of time as one says it: "40 s", "4 min", "1 h 20 min"."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    if seconds < 90:
        return f"{5 * round(seconds / 5)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
