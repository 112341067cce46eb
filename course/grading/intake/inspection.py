"""One file that was handed in: is it a notebook that can be graded, and of which exercises does it speak?"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.grading.intake.reasons import NOTHING, Reason

# Bytes. Stored pictures make honest notebooks large; 100 MB of them are no answer to an exercise.
LARGEST = 20 * 10**6
_DIGITS = 600  # of a whole number; Python's own limit may be set as low as 640
# What the instructor is to ask for, and what the learner is to do.
AGAIN = ("ask for it to be saved in JupyterLab and handed in again", "save it in JupyterLab and hand it in again")
CLEARED = (
    "ask for it without its outputs",
    "clear its outputs (Kernel, Restart and Clear Outputs of All Cells) and hand it in again",
)
ITSELF = ("ask for the file itself", "hand in the file itself")
_FILE = ("ask for the .ipynb file itself", "hand in the .ipynb file itself")
# What stands at the start of a line of code, so that code with a syntax error is found, too.
DEFINITION = re.compile(r"^(?:async[ \t]+def|def|class)[ \t]+([^\W\d]\w*)", re.M)


class Unreadable(Exception):
    """A file can't be graded; the reason is a sentence that starts with the file's name."""

    def __init__(self, what: str, ask: str = "", do: str = "") -> None:
        self.reason = Reason(what, ask, do)
        super().__init__(str(self.reason))


@dataclass(frozen=True)
class Inspected:
    """What one file holds.

    Attributes:
        digest: SHA-256 of its bytes, in hexadecimal; "" if it could not be read.
        names: the grade_ids of its cells, and what its code defines at top level.
        problem: why it can't be graded, as a sentence.
    """

    digest: str = ""
    names: frozenset[str] = frozenset()
    problem: Reason = NOTHING


def inspect(path: Path, name: str) -> Inspected:
    """What `path` holds; sentences call it `name`. Never raises for what stands in the file."""
    digest = ""
    try:
        content = content_of(path, name)
        digest = hashlib.sha256(content).hexdigest()
        return Inspected(digest, names_in(notebook_of(content, name)))
    except Unreadable as error:
        return Inspected(digest, problem=error.reason)


def content_of(path: Path, name: str) -> bytes:
    """The bytes of a regular file of at most `LARGEST` bytes.

    Raises:
        Unreadable: a link, a device, a pipe (none of them is opened), too large, empty, or not allowed.
    """
    try:
        found = path.lstat()
        _refuse(found.st_mode, name)
        if found.st_size > LARGEST:
            raise _too_large(name, found.st_size)
        # Between the look and the opening it may have been replaced: by a link (refused), by a pipe (doesn't wait).
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:
            _refuse(os.fstat(handle).st_mode, name)
            content = file.read(LARGEST + 1)
    except OSError as error:
        if error.errno == errno.ELOOP:
            _refuse(stat.S_IFLNK, name)
        reason = why_unread(error).of(name)
        raise Unreadable(reason.what, reason.ask, reason.do) from None
    if len(content) > LARGEST:
        raise _too_large(name, len(content))
    if not content.strip():
        raise Unreadable(f"{name} is empty", *AGAIN)
    return content


def not_a_file(mode: int) -> Reason:
    """Why something of this mode (`os.stat_result.st_mode`) is not opened, as the rest of a sentence."""
    if stat.S_ISLNK(mode):
        return Reason("is a link, and links are not followed", *ITSELF)
    if not stat.S_ISREG(mode):
        return Reason("is not an ordinary file (a folder, device, pipe or socket)", *ITSELF)
    return NOTHING


def why_unread(error: OSError) -> Reason:
    """Why a file could not be read, as the rest of a sentence."""
    reason = error.strerror or type(error).__name__
    return Reason(f"can't be read ({reason})", "change its permissions, or copy it again", "hand it in again")


def notebook_of(content: bytes, name: str) -> dict[str, Any]:
    """The notebook in a file's bytes, as JSON gives it; its cells may hold anything.

    Raises:
        Unreadable: it is no notebook of format 4 in UTF-8 (a byte order mark is accepted), or one for another language.
    """
    text = text_of(content, name)
    try:
        nb = json.loads(text, parse_int=_whole)
    except RecursionError:
        raise Unreadable(f"{name} is nested too deeply to be a notebook", *AGAIN) from None
    except ValueError as error:
        place = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        what = f"{name} is not a notebook (no JSON{place})"
        if re.search(r"^<{7} ", text, re.M):
            asked = ("ask for it with that resolved", "resolve it and hand it in again")
            raise Unreadable(f"{what}; it contains the marks of a merge conflict", *asked) from None
        if text.lstrip()[:1] in "{[":
            raise Unreadable(f"{what}; the file is damaged or cut off", *AGAIN) from None
        raise Unreadable(what, *_FILE) from None
    if not isinstance(nb, dict) or not ({"cells", "worksheets", "nbformat"} & nb.keys()):
        raise Unreadable(f"{name} is JSON, but not a notebook", *_FILE)
    _check_format(nb, name)
    _check_language(nb, name)
    return nb


def _whole(digits: str) -> int | str:
    """A whole number of JSON; one of more digits than Python reads (`sys.set_int_max_str_digits`) stays text: none that counts is so long."""
    return int(digits) if len(digits) <= _DIGITS else digits


def text_of(content: bytes, name: str) -> str:
    """A file's bytes as text.

    Raises:
        Unreadable: they are not UTF-8; says so of UTF-16, which is what Windows' PowerShell writes.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable(f"{name} is stored as UTF-16, and a notebook is UTF-8", *AGAIN)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(f"{name} is not a UTF-8 text file, so it is not a notebook", *AGAIN) from None


def names_in(nb: dict[str, Any]) -> frozenset[str]:
    """The grade_ids of a notebook's cells and the functions and classes that its code defines at top level."""
    found: set[str] = set()
    for cell in nb["cells"]:
        if not isinstance(cell, dict):
            continue
        metadata = cell.get("metadata")
        grading = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        grade_id = grading.get("grade_id") if isinstance(grading, dict) else None
        if isinstance(grade_id, str):
            found.add(grade_id)
        source = cell.get("source")
        if isinstance(source, list):
            source = "".join(line for line in source if isinstance(line, str))
        if isinstance(source, str) and cell.get("cell_type") == "code":
            found.update(DEFINITION.findall(source))
    return frozenset(found)


def _check_format(nb: dict[str, Any], name: str) -> None:
    number = nb.get("nbformat", 3 if "worksheets" in nb else None)
    if isinstance(number, str) and number.lstrip("-").isdecimal() and len(number) > _DIGITS:
        raise Unreadable(f"{name} gives its format (nbformat) as a number of {len(number):,} digits", *AGAIN)
    if not isinstance(number, int) or isinstance(number, bool):
        number = None
    if number is not None and number < 4:
        advice = "open it in a current JupyterLab and save it"
        raise Unreadable(f"{name} is a notebook in the old format {number}", advice, f"{advice}, and hand it in again")
    if number is not None and number > 4:
        what = f"{name} is a notebook of format {number}, which is newer than 4"
        raise Unreadable(what, "ask for format 4", "save it as format 4 and hand it in again")
    if number is None or not isinstance(nb.get("cells"), list):
        raise Unreadable(f"{name} has no list of cells, so it is not a notebook", *AGAIN)


def _check_language(nb: dict[str, Any], name: str) -> None:
    metadata = nb.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    said = []
    for room, key in (("language_info", "name"), ("kernelspec", "language")):
        inside = metadata.get(room)
        word = inside.get(key) if isinstance(inside, dict) else None
        if isinstance(word, str) and word.strip():
            said.append(word.strip())
    # The kernel's *name* says nothing: "ir", "conda-env-ml-py" and "python3" are all names that people give.
    if said and not any(word.lower().startswith(("python", "ipython")) for word in said):
        word = re.sub(r"\W+", " ", said[0])[:30]
        what = f"{name} is a notebook for {word}, not for Python"
        raise Unreadable(what, "ask for the notebook of this course", "answer in the notebook of this course")


def _too_large(name: str, size: int) -> Unreadable:
    more = f"{size / 1e6:,.0f}" if size > LARGEST + 10**6 else f"more than {LARGEST / 1e6:.0f}"
    return Unreadable(f"{name} has {more} MB; at most {LARGEST / 1e6:.0f} MB are read", *CLEARED)


def _refuse(mode: int, name: str) -> None:
    if reason := not_a_file(mode).of(name):
        raise Unreadable(reason.what, reason.ask, reason.do)
