"""What was handed in as a tree of names: folders, files, and zip files, which are unpacked elsewhere and stand as folders."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from course.grading.intake.archives import DEPTH, NOT_BEGUN, Member, is_other_archive, unpack
from course.grading.intake.inspection import not_a_file, why_unread
from course.grading.intake.litter import litter, sift
from course.grading.intake.naming import COPY
from course.grading.intake.nodes import METADATA, TIMESTAMP, Node, is_notebook, printable
from course.grading.intake.reasons import Reason
from course.grading.model import GradingError
from course.grading.storage import writing

NESTED = 2  # zip files in zip files that are opened: a platform's, and a learner's in it
NESTED_TOTAL = 2 * 10**8  # bytes that a learner's zip file in a platform's may hold, of what is kept


@dataclass
class _Planter:
    workspace: Path
    numbers: Iterator[int] = field(default_factory=count)

    def folder(self, path: Path, prefix: str, depth: int = 0) -> list[Node]:
        """The nodes of a folder. Links are not followed, and nothing but ordinary files is opened."""
        with os.scandir(path) as entries:
            found = sorted((entry.name for entry in entries), key=_by_name)
        # What a program left is not looked into: a repository's or an environment's files are thousands.
        return [
            Node(name, prefix + printable(name), path / name, problem)
            if (problem := litter(name))
            else self._entry(path / name, prefix, depth)
            for name in found
        ]

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
            what = "is a kind of archive that is not opened here"
            node.problem = Reason(
                what, "unpack it yourself, or ask for the notebook", "hand in the .ipynb file, not packed"
            )
        if node.path is None or node.problem or not node.name.lower().endswith(".zip"):
            return node
        if not nested:
            what = "is a zip file inside a zip file inside a zip file"
            node.problem = Reason(what, "unpack it yourself", "hand in the .ipynb file, not packed")
            return node
        limit = {"total": NESTED_TOTAL} if nested < NESTED else {}
        members = unpack(node.path, self.workspace / f"{next(self.numbers):05}", _is_wanted, **limit)
        if members and not members[0].parts:
            node.problem = members[0].problem
            return node
        node.archive = True
        node.children = self._members(members, node, nested - 1)
        sift(node)
        self._unwrap(node)
        return node

    def _members(self, members: list[Member], outer: Node, nested: int) -> list[Node]:
        prefix = f"{outer.shown}: "
        inside: dict[tuple[str, ...], list[Node]] = {(): []}
        for member in sorted(members, key=lambda member: tuple(map(_by_name, member.parts))):
            *folders, name = member.parts
            for end in range(1, len(folders) + 1):
                path = member.parts[:end]
                if path not in inside:
                    inside[path] = []
                    inside[path[:-1]].append(Node(path[-1], prefix + printable("/".join(path)), children=inside[path]))
            shown = prefix + printable("/".join(member.parts))
            problem = next(filter(None, map(litter, member.parts)), member.problem)
            leaf = Node(name, shown, member.path, problem, member.modified, raw=member.raw)
            leaf.place = (*outer.place, member.place)
            if member.folder:
                leaf.children = []
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
            node.left += children[0].left
        else:
            children[0].wrapper = True


def plant(where: Path, workspace: Path) -> Node:
    """What stands in a folder or zip file; zip files are unpacked into `workspace`.

    Raises:
        GradingError: it does not exist, can't be read, or is neither a folder nor a zip file.
    """
    try:
        where = where.resolve()
        with writing(workspace, NOT_BEGUN):
            workspace.mkdir(parents=True, exist_ok=True)
        root = Node(where.name, printable(where.name), where)
        planter = _Planter(workspace)
        if where.is_dir():
            root.children = planter.folder(where, "")
            sift(root)
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


def _is_wanted(name: str) -> bool:
    return is_notebook(name) or name.lower().endswith(".zip") or name in (TIMESTAMP, METADATA)


def _by_name(name: str) -> tuple[str, str]:
    return name.casefold(), name
