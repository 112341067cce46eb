"""What is said where something can't be written: which file, why, and what to do; never a traceback."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course.grading.model import GradingError

_FULL = "make room there"
# What the system calls it: what it means, and what mends it.
_WHY = {
    errno.ENOSPC: ("the disk is full", _FULL),
    errno.EDQUOT: ("your share of the disk (your quota) is used up", _FULL),
    errno.EFBIG: ("the file would be larger than your limits allow (`ulimit -f`)", "raise that limit"),
    errno.EROFS: ("the disk is read-only", "name a folder on another one"),
    errno.EACCES: (
        "you have no permission to write there",
        "change its permissions, or close the program that has it open",
    ),
    errno.EPERM: ("you have no permission to write there", "change its permissions"),
    errno.EISDIR: ("a folder has this name", "rename or delete the folder"),
    errno.ENOTDIR: ("a file has the name of a folder that the grader needs", "rename or delete the file"),
    errno.EEXIST: ("a file has the name of a folder that the grader needs", "rename or delete the file"),
    errno.ENAMETOOLONG: ("the name is too long there", "name a folder with a shorter path"),
    errno.EMFILE: ("too many files are open", "raise that limit (`ulimit -n`)"),
}
KEPT = "The old files are unchanged, and every grade so far is kept: the same command continues where it stopped."


def why(error: OSError) -> tuple[str, str]:
    """(what is wrong, what to do) where a file can't be written, each as a part of a sentence."""
    return _WHY.get(error.errno or 0, (error.strerror or type(error).__name__, "mend that"))


def cannot_write(path: Path | str, error: OSError, kept: str = KEPT) -> GradingError:
    """The error that says that `path` could not be written. `kept`: what the instructor still has, as a sentence."""
    what, do = why(error)
    return GradingError(f"{path} can't be written: {what}. {do[:1].upper()}{do[1:]}. {kept}".rstrip())


@contextmanager
def writing(path: Path | str, kept: str = KEPT) -> Iterator[None]:
    """Around the writing of `path`.

    Raises:
        GradingError: for an OSError in it.
    """
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error, kept) from None
