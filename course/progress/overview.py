"""The map itself, apart from how it looks: lesson by lesson each exercise's state, and one suggestion what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from course.curriculum import LESSONS, number_of, topic_of
from course.history.attempts import Outcome
from course.progress.boxes import exercise_file, minutes

PASSED, TRIED, OPEN = "passed", "tried", "open"
STATES = (PASSED, TRIED, OPEN)
# How the names of lessons are written where they are titles.
_ACRONYMS = ("gpu", "cnn", "jax", "xla")


@dataclass(frozen=True)
class Row:
    """One exercise.

    Attributes:
        name, lesson: of the exercise.
        outcome: what is kept of it; None where nobody has tried.
        minutes: how long it takes, as its notebook says; None where the notebook isn't at hand.
    """

    name: str
    lesson: str
    outcome: Outcome | None = None
    minutes: int | None = None

    @property
    def state(self) -> str:
        """One of :data:`STATES`."""
        if self.outcome is None:
            return OPEN
        return PASSED if self.outcome.passed else TRIED

    @property
    def counts(self) -> str:
        """The last try in a few words, where it was not right; else ""."""
        if self.outcome is None or self.outcome.last_right:
            return ""
        last = f"{self.outcome.right} of {self.outcome.cases} inputs right"
        return f"but not on the last try, {last}" if self.state == PASSED else last


@dataclass(frozen=True)
class LessonRows:
    """One lesson: its name ("02_the_neuron") and its exercises in their order."""

    name: str
    rows: tuple[Row, ...]

    @property
    def number(self) -> str:
        """ "02"."""
        return number_of(self.name)

    @property
    def title(self) -> str:
        """ "02 · The neuron"."""
        words = topic_of(self.name).split("_")
        words = [word.upper() if word in _ACRONYMS else word for word in words]
        return f"{self.number} · {' '.join([words[0][:1].upper() + words[0][1:], *words[1:]])}"

    @property
    def minutes_left(self) -> int | None:
        """What its exercises that are not passed take, together; None where that can't be said."""
        left = [row.minutes for row in self.rows if row.state != PASSED]
        return None if None in left else sum(each for each in left if each)

    def of(self, state: str) -> list[Row]:
        """Its exercises in this state."""
        return [row for row in self.rows if row.state == state]


@dataclass(frozen=True)
class Step:
    """What to do next, and why.

    Attributes:
        say: the task in words, with `{}` where the link stands; "" where all is done.
        link: the words of the link: what is to be opened.
        folder, lesson, heading: where it leads: a notebook, and a heading in it or "".
        reason: a sentence.
    """

    say: str
    link: str
    folder: str
    lesson: str
    heading: str
    reason: str

    @property
    def href(self) -> str:
        """The link from one of the course's notebooks; "" where the notebook is not there, as on Colab."""
        if not self.lesson:
            return ""
        file = f"../{self.folder}/{self.lesson}.ipynb"
        return f"{file}{'#' if self.heading else ''}{self.heading}" if Path(file).is_file() else ""

    @property
    def place(self) -> str:
        """Where it leads, in words."""
        return f"{self.folder}/{self.lesson}.ipynb" if self.lesson else ""


@dataclass(frozen=True)
class Overview:
    """All lessons, and the next step."""

    lessons: tuple[LessonRows, ...]
    next: Step

    def rows(self) -> Iterator[Row]:
        """Every exercise, in order."""
        for lesson in self.lessons:
            yield from lesson.rows

    def count(self, state: str) -> int:
        """How many exercises are in this state."""
        return sum(row.state == state for row in self.rows())


def overview(outcomes: Mapping[str, Outcome]) -> Overview:
    """The map of these outcomes. What is kept of exercises that this course doesn't have is passed over."""
    from course.checks.registry import exercises

    lessons = []
    for name in LESSONS:
        times = minutes(exercise_file(name))
        rows = (Row(one, name, outcomes.get(one), times.get(one)) for one in exercises(name))
        lessons.append(LessonRows(name, tuple(rows)))
    return Overview(tuple(lessons), next_step(lessons))


def find_lesson(wanted: str) -> str:
    """The lesson that `wanted` means: its number ("2", "02"), topic ("the_neuron") or name, also one with an earlier number.

    Raises:
        LookupError: there is none; the message lists those that there are.
    """
    word = wanted.strip().removesuffix(".ipynb")
    for name in LESSONS:
        if f"{word:0>2}" == number_of(name) or topic_of(word) == topic_of(name):
            return name
    raise LookupError(f"There is no lesson {wanted!r}. There are {', '.join(LESSONS)}.")


def next_step(lessons: Sequence[LessonRows]) -> Step:
    """One suggestion: what was begun in the lesson that one works on, else its next open exercise, else the next lesson.

    The lesson that one works on is that of the latest check. After the last lesson comes what was left out before.
    """
    tried = [(row.outcome.last, index) for index, one in enumerate(lessons) for row in one.rows if row.outcome]
    at = max(tried)[1] if tried else 0
    current = lessons[at]
    if begun := current.of(TRIED):
        return _exercise(begun[0], "go on with {}", f"You have started it: {begun[0].counts}.")
    if still := current.of(OPEN):
        which = "next open" if tried else "first"
        reason = f"It is the {which} exercise of lesson {current.number}."
        return _exercise(still[0], "write {}", reason)
    done = f"All exercises of lesson {current.number} are passed"
    for later in lessons[at + 1 :]:
        if not later.of(PASSED) and not later.of(TRIED):
            title, reason = f"lesson {later.title}", f"{done}; this lesson comes next."
            return Step("read {}", title, "notebooks", later.name, "", reason)
        if rest := later.of(TRIED) + later.of(OPEN):
            return _exercise(rest[0], "write {}", f"{done}; this exercise of lesson {later.number} is still open.")
    for earlier in lessons[:at]:
        if rest := earlier.of(TRIED) + earlier.of(OPEN):
            return _exercise(rest[0], "write {}", f"{done}; you skipped this exercise of lesson {earlier.number}.")
    return Step("", "", "", "", "", f"All {sum(len(one.rows) for one in lessons)} exercises are passed.")


def _exercise(row: Row, say: str, reason: str) -> Step:
    return Step(say, row.name, "exercises", row.lesson, row.name, reason)
