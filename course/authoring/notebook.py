"""A stored notebook as plain data: read it, write it, say where in it something is.

Notebooks are handled as the JSON that they are. `nbformat` is not imported for that: in an environment that
has JupyterLab its import alone takes more than a second.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]
Cell = dict[str, Any]

BOM = "\ufeff"
_BY_GIT = " (an editor on Windows does that, and git with core.autocrlf)"
RAISES_TAGS = frozenset({"raises-exception", "nbval-raises-exception"})
NOT_COMPARED = re.compile(r"^\s*#+\s*(?:NBVAL_IGNORE_OUTPUT|NBVAL_SKIP|PYTEST_VALIDATE_IGNORE_OUTPUT)\s*$", re.M)
NOT_COMPARED_TAGS = frozenset({"nbval-ignore-output", "nbval-skip"})


class AuthoringError(Exception):
    """Something that an author has to mend; the message says what and where."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a notebook; `place` names the cell, or is empty for the whole file."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason


def read(path: Path) -> Notebook:
    """The notebook stored at `path`, with every source and text joined to one string.

    Raises AuthoringError where the file is missing, is no JSON or no notebook of format 4.
    """
    return parse(read_as_stored(path), str(path))


def read_as_stored(path: Path) -> str:
    """The text at `path` with its line endings, and with the byte-order mark if there is one.

    Raises AuthoringError where the file is missing or isn't text in UTF-8.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise AuthoringError(f"{path} does not exist.") from None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        why = "it is in UTF-16, as its byte-order mark says" if wide else error.reason
        raise AuthoringError(f"{path} is not a text file in UTF-8 ({why}).") from None


def other_endings(text: str) -> str:
    """How the lines of `text` end where not all end in LF: "CR LF" or "CR"; else ""."""
    if "\r\n" in text:
        return "CR LF"
    return "CR" if "\r" in text else ""


def other_system(text: str) -> str:
    """What another system's editor, or git, did to a file with this text, for a message; "" where it did nothing."""
    told = []
    if text.startswith(BOM):
        told.append("it begins with a byte-order mark (BOM)")
    if endings := other_endings(text):
        told.append(f"its lines end in {endings}, not in LF{_BY_GIT if endings == 'CR LF' else ''}")
    return " and ".join(told)


def parse(text: str, name: str) -> Notebook:
    """The notebook in a file's text; `name` is how errors call the file."""
    try:
        nb = json.loads(text.removeprefix(BOM))
    except ValueError as error:
        if re.search(r"^<{7} ", text, re.M):
            hint = "It has the marks of a merge conflict; `nbdime mergetool` resolves those."
        else:
            hint = "Restore it with git, or save it again in JupyterLab."
        raise AuthoringError(f"{name} is not a notebook ({error}). {hint}") from None
    if not isinstance(nb, dict) or nb.get("nbformat") != 4 or not isinstance(nb.get("cells"), list):
        raise AuthoringError(f"{name} is no notebook of format 4. Open and save it in a current JupyterLab.")
    for cell in nb["cells"]:
        cell["source"] = joined(cell.get("source", ""))
        for output in cell.get("outputs", []):
            if "text" in output:
                output["text"] = joined(output["text"])
            data = output.get("data", {})
            for mime, value in data.items():
                if not mime.endswith("json") and isinstance(value, list):  # a list in JSON output is a list
                    data[mime] = "".join(value)
    return nb


def dumps(nb: Notebook) -> str:
    """The text of a notebook file: sorted keys, indent 1, lines of text as lists, a newline at the end.

    This is also how JupyterLab writes, so that opening and saving changes no more than it must.
    """
    copy = json.loads(json.dumps(nb))
    for cell in copy["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
        for output in cell.get("outputs", []):
            if "text" in output:
                output["text"] = output["text"].splitlines(keepends=True)
            for mime, value in output.get("data", {}).items():
                if is_text(mime) and isinstance(value, str):
                    output["data"][mime] = value.splitlines(keepends=True)
    return json.dumps(copy, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def write(path: Path, text: str) -> bool:
    """Write `text` to `path`, whole or not at all, unless it is there already. True if it was written."""
    if path.exists() and path.read_bytes() == text.encode("utf-8"):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        # mkstemp makes private files; a notebook in a repository is for everyone.
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True


def code_cells(nb: Notebook) -> Iterator[tuple[int, Cell]]:
    """(index among all cells, cell) of every code cell."""
    return ((i, cell) for i, cell in enumerate(nb["cells"]) if cell.get("cell_type") == "code")


def place(nb: Notebook, index: int) -> str:
    """How a message names a cell: where it stands, its number as JupyterLab shows it, its id."""
    cell = nb["cells"][index]
    if cell.get("cell_type") == "code":
        number = sum(other.get("cell_type") == "code" for other in nb["cells"][: index + 1])
        kind = f"In [{number}]"
    else:
        kind = str(cell.get("cell_type", "no type"))
    name = f", id {cell['id']}" if cell.get("id") else ""
    return f"cell {index + 1} of {len(nb['cells'])} ({kind}{name})"


def tags(cell: Cell) -> list[str]:
    """The cell's tags."""
    found = cell.get("metadata", {}).get("tags", [])
    return [tag for tag in found if isinstance(tag, str)] if isinstance(found, list) else []


def may_raise(cell: Cell) -> bool:
    """Is an error what this cell is meant to show?"""
    return not RAISES_TAGS.isdisjoint(tags(cell))


def is_compared(cell: Cell) -> bool:
    """Does nbval compare what this code cell shows with what is stored?"""
    return NOT_COMPARED_TAGS.isdisjoint(tags(cell)) and NOT_COMPARED.search(cell["source"]) is None


def is_text(mime: str) -> bool:
    """Is this kind of output stored as lines of text?"""
    return mime.startswith("text/") or mime in {"application/javascript", "image/svg+xml"}


def joined(text: str | list[str]) -> str:
    """nbformat stores a text as one string or as a list of lines; here it is one string."""
    return text if isinstance(text, str) else "".join(text)
