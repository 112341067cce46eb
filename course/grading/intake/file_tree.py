"""What was handed in as a tree of names: folders, files, and zip files, which are unpacked elsewhere and stand as folders."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from course.grading.intake.archives import DEPTH, Member, is_other_archive, unpack
from course.grading.intake.inspection import not_a_file, why_unread
from course.grading.intake.naming import COPY
from course.grading.intake.reasons import NOTHING, Reason
from course.grading.model import GradingError

NESTED = 2  # zip files in zip files that are opened: a platform's, and a learner's in it
NESTED_TOTAL = 2 * 10**8  # bytes that a learner's zip file in a platform's may hold, of what is kept
# What systems and editors leave behind. Hidden files (`.DS_Store`, `.ipynb_checkpoints`, `._x`) are left out, too.
LITTER = frozenset({"__macosx", "__pycache__", "thumbs.db", "desktop.ini", "icon\r"})
TIMESTAMP, METADATA = "timestamp.txt", "submission_metadata.yml"


@dataclass
class Node:
    """A file or folder that was handed in.

    Attributes:
        name: its name; as somebody wrote it.
        shown: how messages call it, relative to what the instructor named.
        path: where it can be read; None if it was not unpacked.
        problem: why it can't be read, as the rest of a sentence ("is a link, …").
        modified: when it was changed, in seconds since 1970.
        children: what is in the folder or zip file, by name; None for a file.
        archive: is it a zip file?
        wrapper: is it the only folder in a zip file?
    """

    name: str
    shown: str
    path: Path | None = None
    problem: Reason = NOTHING
    modified: float = 0.0
    children: list[Node] | None = None
    archive: bool = False
    wrapper: bool = False

    def files(self, trail: tuple[str, ...] = ()) -> Iterator[tuple[Node, tuple[str, ...]]]:
        """All files below it (itself, if it is one), each with the names of the folders that lead to it."""
        if self.children is None:
            yield self, trail
        for child in self.children or []:
            folder = (*trail, child.name) if child.children is not None else trail
            yield from child.files(folder)


@dataclass
class _Planter:
    workspace: Path
    numbers: Iterator[int] = field(default_factory=count)

    def folder(self, path: Path, prefix: str, depth: int = 0) -> list[Node]:
        """The nodes of a folder. Links are not followed, and nothing but ordinary files is opened."""
        with os.scandir(path) as entries:
            found = sorted((entry.name for entry in entries if not is_litter(entry.name)), key=_by_name)
        return [self._entry(path / name, prefix, depth) for name in found]

    def _entry(self, path: Path, prefix: str, depth: int) -> Node:
        node = Node(path.name, prefix + printable(path.name), path)
        try:
            status = path.lstat()
            node.modified = status.st_mtime
            if not stat.S_ISDIR(status.st_mode):
                node.problem = not_a_file(status.st_mode)
                return node if node.problem else self.archive(node, NESTED)
            if depth >= DEPTH:
                node.problem = Reason(f"lies deeper than {DEPTH} folders", "move it up", "hand in the notebook alone")
            else:
                node.children = self.folder(path, f"{node.shown}/", depth + 1)
        except OSError as error:
            node.problem = why_unread(error)
        return node

    def archive(self, node: Node, nested: int) -> Node:
        """The node with what is in it, if it is a zip file; `nested` zip files may lie in each other."""
        if is_other_archive(node.name):
            what = "is an archive of a kind that is not opened here"
            node.problem = Reason(
                what, "unpack it yourself, or ask for the notebook", "hand in the .ipynb file, not packed"
            )
        if node.path is None or node.problem or not node.name.lower().endswith(".zip"):
            return node
        if not nested:
            what = "is a zip file in a zip file in a zip file"
            node.problem = Reason(what, "unpack it yourself", "hand in the .ipynb file, not packed")
            return node
        limit = {"total": NESTED_TOTAL} if nested < NESTED else {}
        members = unpack(node.path, self.workspace / f"{next(self.numbers):05}", _is_wanted, **limit)
        if members and not members[0].parts:
            node.problem = members[0].problem
            return node
        node.archive = True
        node.children = self._members(members, f"{node.shown}: ", nested - 1)
        self._unwrap(node)
        return node

    def _members(self, members: list[Member], prefix: str, nested: int) -> list[Node]:
        inside: dict[tuple[str, ...], list[Node]] = {(): []}
        for member in sorted(members, key=lambda member: tuple(map(_by_name, member.parts))):
            if any(map(is_litter, member.parts)):
                continue
            *folders, name = member.parts
            for end in range(1, len(folders) + 1):
                path = member.parts[:end]
                if path not in inside:
                    inside[path] = []
                    inside[path[:-1]].append(Node(path[-1], prefix + printable("/".join(path)), children=inside[path]))
            shown = prefix + printable("/".join(member.parts))
            leaf = Node(name, shown, member.path, member.problem, member.modified)
            inside[tuple(folders)].append(self.archive(leaf, nested))
        return inside[()]

    def _unwrap(self, node: Node) -> None:
        """A zip file that holds one folder: if the folder has the zip file's own name, it says nothing."""
        children = node.children or []
        if len(children) != 1 or children[0].children is None or children[0].archive:
            return
        stem = COPY.sub("", node.name[: -len(".zip")]).casefold()
        if children[0].name.casefold() == stem:
            node.children = children[0].children
        else:
            children[0].wrapper = True


def plant(where: Path, workspace: Path) -> Node:
    """What stands in a folder or zip file; zip files are unpacked into `workspace`.

    Raises:
        GradingError: it does not exist, can't be read, or is neither a folder nor a zip file.
    """
    try:
        where = where.resolve()
        root = Node(where.name, printable(where.name), where)
        planter = _Planter(workspace)
        workspace.mkdir(parents=True, exist_ok=True)
        if where.is_dir():
            root.children = planter.folder(where, "")
        elif not where.exists():
            raise GradingError(f"{where.name} does not exist: name the folder or zip file that holds the submissions.")
        else:
            planter.archive(root, NESTED)
    except OSError as error:
        raise GradingError(f"{where.name} can't be read ({error.strerror}): change its permissions.") from None
    if root.problem:
        raise GradingError(str(root.problem.of(root.shown)))
    if root.children is None:
        raise GradingError(f"{root.shown} is neither a folder nor a zip file: name the one that holds the submissions.")
    return root


def is_notebook(name: str) -> bool:
    """Is this a notebook's name? Some browsers save "x.ipynb.txt" or "x.ipynb.json"."""
    return re.search(r"\.ipynb(?:\.txt|\.json)?$", name, re.I) is not None


def is_litter(name: str) -> bool:
    """Was this left behind by a system or an editor, rather than handed in?"""
    return name.startswith(".") or name.casefold() in LITTER


def printable(name: str) -> str:
    """A name for a message: what can't be printed, or would turn the text around, is shown as its code."""
    return "".join(c if _prints(c) else f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}" for c in name)


def _prints(letter: str) -> bool:
    return letter == " " or unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}


def _is_wanted(name: str) -> bool:
    return is_notebook(name) or name.lower().endswith(".zip") or name in (TIMESTAMP, METADATA)


def _by_name(name: str) -> tuple[str, str]:
    return name.casefold(), name
