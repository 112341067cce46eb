"""The results of a run on disk: `results.jsonl`, written line by line, so that an interruption loses nothing."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeGuard

from course.authoring.notebook import write
from course.grading.model import GradingError, Result, from_json, to_json
from course.grading.records.environment import versions
from course.grading.storage import cannot_write, writing

RESULTS, BROKEN, LOCK, RUN = "results.jsonl", "results.broken.jsonl", ".grading.lock", "run.json"


class Store:
    """The results in one folder, for one run at a time: use it in a `with` statement.

    `results.jsonl` has one line a result and only grows; the latest line of a learner and lesson is the one that counts.

    Attributes:
        folder: where it is.
        notes: what was found and mended in the folder, as sentences.
        count: how many results the file holds, superseded ones too.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.notes: list[str] = []
        self.count = 0
        self._latest: dict[tuple[str, str], Result] = {}
        self._line: dict[tuple[str, str], int] = {}
        self._file = self._lock = -1

    def __enter__(self) -> Self:
        """Lock the folder (made if need be) and read what is there.

        Raises:
            GradingError: another run writes into it, or it can't be read or written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._read()
            self._file = os.open(self.folder / RESULTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            self.__exit__(None, None, None)
            raise cannot_write(error.filename or self.folder, error, "") from None
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in (self._file, self._lock):
            if handle >= 0:
                os.close(handle)
        self._file = self._lock = -1

    def get(self, learner: str, lesson: str) -> Result | None:
        """The latest result of this learner in this lesson."""
        return self._latest.get((learner, lesson))

    def newer(self, learner: str, lesson: str, count: int) -> bool:
        """Is there a result of this learner in this lesson that was added after the first `count`?"""
        return self._line.get((learner, lesson), 0) > count

    def results(self) -> list[Result]:
        """The latest result of each learner and lesson, ordered by lesson and learner."""
        return sorted(self._latest.values(), key=lambda result: (result.lesson, result.learner))

    def add(self, result: Result) -> None:
        """Append a result. When this returns, it is on the disk.

        Raises:
            GradingError: it can't be written; what was written before is whole.
        """
        line = json.dumps(to_json(result), ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        before = os.fstat(self._file).st_size
        try:
            written = 0
            while written < len(line):
                written += os.write(self._file, line[written:])
            os.fsync(self._file)
        except OSError as error:
            os.ftruncate(self._file, before)
            raise cannot_write(self.folder / RESULTS, error) from None
        self._hold(result)

    def _take_lock(self) -> None:
        """Hold the lock file until the process ends. A POSIX lock: no child inherits it, and a killed run leaves none."""
        self._lock = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(self._lock, 20).decode(errors="replace").strip()
            process = f" (process {owner})" if owner.isdigit() else ""
            raise GradingError(
                f"Another `course grade`{process} is writing to {self.folder}. Wait until it has finished, or name another folder with --out."
            ) from None
        os.ftruncate(self._lock, 0)
        os.write(self._lock, f"{os.getpid()}\n".encode())

    def _read(self) -> None:
        """Take up the stored results, mend a cut last line, and set broken lines aside."""
        path = self.folder / RESULTS
        if not path.exists():
            return
        lines = path.read_bytes().split(b"\n")
        last = lines.pop()  # empty, where the file ends as it should
        good: list[bytes] = []
        broken: list[bytes] = []
        for line in lines:
            (good if self._take(line) else broken).append(line)
        broken = [line for line in broken if line.strip()]
        if last and self._take(last):
            good.append(last)
        elif last:
            self.notes.append(
                f"The last line of {RESULTS} was cut off when a run was killed: it was dropped, and that submission is graded again."
            )
        if broken:
            # On the disk over there before it is gone here.
            with (self.folder / BROKEN).open("ab") as aside:
                aside.write(b"".join(line + b"\n" for line in broken))
                aside.flush()
                os.fsync(aside.fileno())
            lines_are = "1 line is" if len(broken) == 1 else f"{len(broken)} lines are"
            self.notes.append(
                f"{lines_are} not readable in {RESULTS}. They are kept in {BROKEN}, and those submissions are graded again."
            )
        if last or broken:
            temporary = path.with_suffix(".tmp")
            with temporary.open("wb") as file:
                file.write(b"".join(line + b"\n" for line in good))
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)

    def _take(self, line: bytes) -> bool:
        """Hold the line's result as the latest of its learner and lesson; False if the line holds none."""
        try:
            result = from_json(json.loads(line))
            sound = isinstance(result.points + result.possible + result.seconds, int | float) and all(
                isinstance(word, str)
                for word in (result.key, result.learner, result.lesson, result.status, result.graded_at)
            )
        except (ValueError, TypeError, AttributeError, RecursionError):
            return False
        if sound:
            self._hold(result)
        return sound

    def _hold(self, result: Result) -> None:
        self.count += 1
        self._latest[result.learner, result.lesson] = result
        self._line[result.learner, result.lesson] = self.count


@dataclass(frozen=True)
class Run:
    """What a run takes over from the one before it in the same folder.

    Attributes:
        seed: what the inputs are drawn from.
        regrade_after: grade again what is not newer than so many results (see :meth:`Store.newer`); 0: nothing.
        said: what the instructor should know, as sentences.
    """

    seed: int
    regrade_after: int = 0
    said: tuple[str, ...] = ()


def begin_run(store: Store, seed: int | None, regrade: bool, options: Mapping[str, Any], partly: bool = False) -> Run:
    """Decide with which seed to grade and what to grade again, and write that to `run.json`.

    The seed is the one asked for; else the one that the folder's last run recorded; else one that is drawn. A recorded seed
    is in `run.json`, and in every result should that file be lost. A `--regrade` that was interrupted goes on where it was:
    `run.json` keeps how many results there were when it began, until :func:`end_run`.

    Args:
        store: the folder.
        seed: the one asked for, or None.
        regrade: grade again what has its grade.
        options: to be recorded.
        partly: not all of the class is going to be graded.

    Raises:
        GradingError: a part of the class would be graded with another seed than the rest; or `run.json` can't be written.
    """
    before = _recorded(store)
    recorded = before.get("seed")
    said = []
    if not _is_count(recorded):
        latest = max(store.results(), key=lambda result: result.graded_at, default=None)
        recorded = None if latest is None else latest.seed
    if seed is not None and recorded is not None and seed != recorded:
        if partly:
            raise GradingError(
                f"The class in {store.folder} was graded with seed {recorded}, and --only would grade only part of "
                f"it with {seed}. Leave out --seed or --only, or name another folder with --out."
            )
        said.append(f"The seed was {recorded} and is now {seed}: everything graded with the old seed is graded again.")
    if seed is None:
        seed = secrets.randbelow(2**31) if recorded is None else recorded
    after = 0
    if regrade:
        after = store.count
        unfinished = before.get("regrade_after")
        if _is_count(unfinished) and 0 < unfinished <= store.count:
            after = unfinished
            said.append("The last --regrade was interrupted: it continues where it stopped.")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    run = {"seed": seed, "started_at": now, "options": dict(options), "versions": versions()}
    _record(store, run | ({"regrade_after": after} if after else {}))
    return Run(seed, after, tuple(said))


def end_run(store: Store) -> None:
    """Note in `run.json` that all was graded."""
    run = _recorded(store)
    run.pop("regrade_after", None)
    _record(store, run | {"ended_at": datetime.now(UTC).isoformat(timespec="seconds")})


def _recorded(store: Store) -> dict[str, Any]:
    """What `run.json` says; nothing, where it is not there or can't be read."""
    try:
        run = json.loads((store.folder / RUN).read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError):
        run = None
    if isinstance(run, dict):
        return run
    store.notes.append(f"{RUN} can't be read; the seed is taken from the latest result, if there is one.")
    return {}


def _record(store: Store, run: Mapping[str, Any]) -> None:
    with writing(store.folder / RUN):
        write(store.folder / RUN, json.dumps(run, indent=1, sort_keys=True) + "\n")


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
