"""The one file that the outcomes of checks are kept in, on the learner's own machine. Never sent anywhere.

Notebooks write at the same time, machines stop in the middle, homes are read-only or full. So each change is made under a lock, on
what is in the file by then, into a new file that takes the old one's place in one step (rename(2) is atomic). And a check is worth
more than the map: what can't be written is remembered for this session, and written when it can be.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from course.history.attempts import Attempt, Broken, Newer, Outcome, Reader, after, dumps, loads, readers

VARIABLE = "COURSE_PROGRESS"
OFF = "off"
_FOLDER, _FILE = "threads-to-networks", "progress.json"
# How long a check may wait for another notebook that is writing (s); that takes a few milliseconds.
_PATIENCE_S = 1.0
_LONGEST = 300  # characters of what a check said

# What this session could not write yet, and what it has told the learner of that.
_pending: list[Attempt] = []
_pending_readers: dict[str, Reader] = {}
_trouble: str = ""
_told: set[str] = set()


class Judged(Protocol):
    """What is kept of a verdict; :class:`course.checks.verdict.Verdict` has it, and says what each attribute is."""

    @property
    def exercise(self) -> str: ...
    @property
    def passed(self) -> bool: ...
    @property
    def text(self) -> tuple[str, ...]: ...
    @property
    def mistake(self) -> str | None: ...
    @property
    def cases_passed(self) -> int: ...
    @property
    def cases(self) -> int: ...


@dataclass(frozen=True)
class Found:
    """What is known of a learner.

    Attributes:
        outcomes: by the exercise's name, those included that could not be written yet.
        readers: of digits, by their names, in the order in which they were built.
        where: the file, in words; "" where nothing is kept.
        notes: what the learner should know of the file; each is said once.
    """

    outcomes: dict[str, Outcome]
    readers: dict[str, Reader]
    where: str
    notes: tuple[str, ...] = ()


def location() -> Path | None:
    """The file, or None where nothing is to be kept.

    A folder of the user's for data (platformdirs' ``user_data_path``), unless COURSE_PROGRESS names a file or is "off". Nothing is kept
    while nbgrader runs a notebook, which is others' work, nor in what pytest runs (nbval's kernels, too), unless a test names a file.
    """
    named = os.environ.get(VARIABLE, "").strip()
    # Both variables are set by these programs so that they can be told: nbgrader's preprocessors, and pytest from 8.2 on.
    if named.lower() == OFF or os.environ.get("NBGRADER_EXECUTION"):
        return None
    if named:
        # A link stays a link: the file that it leads to is replaced.
        return Path(named).expanduser().resolve()
    if os.environ.get("PYTEST_VERSION"):
        return None
    from platformdirs import user_data_path

    return (user_data_path(_FOLDER, appauthor=False) / _FILE).resolve()


def record(topic: str, verdict: Judged) -> str:
    """Write down what a check said of an exercise of the lesson on `topic`. Never raises, and waits a second at most.

    Returns:
        A note for the learner, now: a broken file was set aside. "" otherwise; other trouble is told by the map.
    """
    try:
        if location() is None:
            return ""
        said = "" if verdict.passed or not verdict.text else _short(verdict.text[0])
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        counts = verdict.cases_passed, verdict.cases
        _pending.append(Attempt(verdict.exercise, topic, *counts, verdict.mistake, said, now))
    except Exception as error:  # whatever it is: nobody's check may fail for the map
        return _trouble_with(error)
    return _write()


def record_reader(name: str, reader: Reader) -> str:
    """Write down how well a way to read digits does. Never raises; returns a note, as `record` does.

    Where nothing is kept, as in what pytest runs, this session remembers it.
    """
    _pending_readers[name] = reader
    try:
        if location() is None:
            return ""
    except Exception as error:
        return _trouble_with(error)
    return _write()


def _write() -> str:
    """Put into the file what this session could not write yet. Returns a note, or ""."""
    global _trouble
    try:
        file = location()
        assert file is not None
        with _locked(file):
            outcomes, kept, note = _read(file)
            _replace(file, _with_pending(outcomes), kept | _pending_readers)
    except Exception as error:
        return _trouble_with(error)
    _pending.clear()
    _pending_readers.clear()
    _trouble = ""
    return note


def _trouble_with(error: Exception) -> str:
    global _trouble
    _trouble = _said(error)
    return ""


def load() -> Found:
    """What is known of the learner. Never raises; a broken file is set aside here, too."""
    outcomes: dict[str, Outcome] = {}
    kept: dict[str, Reader] = {}
    where = note = trouble = ""
    try:
        file = location()
        if file is None:
            off = os.environ.get(VARIABLE, "").strip().lower() == OFF
            why = f"{VARIABLE} is off" if off else "a grader or a test runs this notebook"
            return Found({}, dict(_pending_readers), "", (f"Nothing is kept: {why}.",))
        where = f"the file that {VARIABLE} names" if os.environ.get(VARIABLE, "").strip() else shown(file)
        try:
            text = file.read_bytes()
            outcomes, kept = loads(text), readers(text)
        except FileNotFoundError:
            pass
        except Broken:
            with _locked(file):
                outcomes, kept, note = _read(file)
    except Exception as error:
        trouble = _said(error)
    notes = (*((note,) if note else ()), *_once(trouble or _trouble))
    return Found(_with_pending(outcomes), kept | _pending_readers, where, notes)


def _with_pending(outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
    for attempt in _pending:
        outcomes[attempt.exercise] = after(outcomes.get(attempt.exercise), attempt)
    return outcomes


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Nobody else writes meanwhile; another process that keeps the lock makes it a TimeoutError."""
    from filelock import FileLock

    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{file}.lock", timeout=_PATIENCE_S):
        yield


def _read(file: Path) -> tuple[dict[str, Outcome], dict[str, Reader], str]:
    """What is in the file, nothing where there is none, and "" or a note: a broken one was set aside. Under the lock."""
    try:
        text = file.read_bytes()
        return loads(text), readers(text), ""
    except FileNotFoundError:
        return {}, {}, ""
    except Broken as broken:
        date = datetime.now(UTC).strftime("%Y-%m-%d")
        names = (f"{file.stem}-broken-{date}{f'-{n}' if n else ''}{file.suffix}" for n in range(10_000))
        aside = next(path for name in names if not (path := file.with_name(name)).exists())
        file.rename(aside)
        moved = f"It is now called {shown(aside)}, and a new file was started."
        return {}, {}, f"The file with your progress could not be read: {broken}. {moved}"


def _replace(file: Path, outcomes: dict[str, Outcome], kept: dict[str, Reader]) -> None:
    """Under the lock: so that one name does for the new file, and what a stopped writer left is written over."""
    new = file.with_name(f"{file.name}.new")
    with open(new, "w", encoding="utf-8") as stream:
        stream.write(dumps(outcomes, kept))
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(new, file)


def _once(trouble: str) -> tuple[str, ...]:
    if not trouble or trouble in _told:
        return ()
    _told.add(trouble)
    return (trouble,)


def _said(error: Exception) -> str:
    """Why the file can't be used, as the learner reads it."""
    if isinstance(error, Newer):
        why = "a newer version of the course has written it, and this version leaves it alone"
    elif isinstance(error, TimeoutError):
        why = "another program keeps it locked"
    elif isinstance(error, OSError) and error.strerror:
        why = error.strerror
    else:
        why = f"{type(error).__name__}: {error}"
    return f"The file with your progress can't be used: {why}. What you check now stays on this map only as long as the notebook runs."


def shown(file: Path) -> str:
    """The path as people read it: "~/…" for what lies in their home."""
    try:
        return f"~/{file.relative_to(Path.home().resolve())}"
    except (ValueError, RuntimeError):
        return str(file)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
