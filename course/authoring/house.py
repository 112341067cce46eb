"""The picture of the house, docs/images/house.svg: the rooms of `course` on their floors, and which imports which.

The floors are pyproject.toml's (import-linter's contract "floors"), the rooms and what they hold are CONTRIBUTING.md's, and the
arrows are those of the source, as grimp reads it. ``python -m course.authoring.house`` draws; with ``--check`` it only says whether
the picture is current. grimp comes with import-linter, of the extra "test".
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from html import escape
from itertools import pairwise
from pathlib import Path

import grimp

from course.authoring.lessons import course_root, settings
from course.authoring.notebook import AuthoringError, write
from course.terminal import say

PICTURE = "docs/images/house.svg"
PAGE = "CONTRIBUTING.md"
PACKAGE = "course"
# The rooms that no lesson imports; tests/test_house.py holds that.
STAFF = ("cli", "grading", "authoring", "console", "warm")

# Everything in the picture's units, which are pixels at its full width.
_WIDTH, _EDGE, _GAP, _WIDEST = 1000.0, 40.0, 34.0, 250.0
_BOX, _STOREY = 76.0, 120.0
_LINE, _LANE = 15.0, 10.0
# How wide a letter may be, in whatever font the page has.
_NAME_LETTER, _LETTER = 8.2, 6.4

# The figures' colors (course.plot.style), lighter in the dark; the frames differ in dashes, too.
_STYLE = """\
svg { --page: #ffffff; --ink: #1f1f1f; --soft: #6b6b6b; --room: #eef5fb; --frame: #0072b2; --staff: #fdf5e4; --other: #9a6a00; }
@media (prefers-color-scheme: dark) {
svg { --page: #16191d; --ink: #ececec; --soft: #a8a8a8; --room: #1b2b38; --frame: #56b4e9; --staff: #33291a; --other: #e69f00; }
}
text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink); text-anchor: middle; }
.name { font: bold 13px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.note { fill: var(--soft); }
.page { fill: var(--page); }
.room { fill: var(--room); stroke: var(--frame); stroke-width: 1.6; }
.staff { fill: var(--staff); stroke: var(--other); stroke-dasharray: 6 3; }
.ground { fill: none; stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 4; }
.arrow { fill: none; stroke: var(--soft); stroke-width: 1.5; }
.head { fill: var(--soft); }"""


@dataclass(eq=False)
class Room:
    """One row of the page's table, and the box that it becomes.

    Attributes:
        name: as the page calls it, without the package: "plot/", "device".
        holds: what it holds, in a few words.
        modules: the package's own names that are in it: "settings", "backend".
        floor: counted from the top.
        x, width: of the box, in the picture's units; x is its middle.
    """

    name: str
    holds: str
    modules: list[str] = field(default_factory=list)
    floor: int = 0
    x: float = 0.0
    width: float = 0.0

    @property
    def top(self) -> float:
        """The upper edge of the box; the lower one is `_BOX` below."""
        return _EDGE / 2 + self.floor * _STOREY


# From the room that imports to the one that is imported.
Arrow = tuple[Room, Room]


def floors(root: Path) -> list[list[str]]:
    """The names of each floor, from the top; what may be missing is among them.

    Raises:
        AuthoringError: pyproject.toml has no contract "floors".
    """
    contracts = settings(root).get("tool", {}).get("importlinter", {}).get("contracts", [])
    for contract in contracts:
        if contract.get("id") == "floors":
            return [re.findall(r"\w+", layer) for layer in contract["layers"]]
    raise AuthoringError('pyproject.toml has no contract of import-linter with the id "floors".')


def table(root: Path) -> dict[str, str]:
    """The page's rows of the package: its paths ("course/plot/", or several with commas) → what is in them."""
    rows = re.findall(rf"^\| (`{PACKAGE}/.+?`) \| (.+?) \|", (root / PAGE).read_text(encoding="utf-8"), re.M)
    return {paths.replace("`", ""): holds.replace("`", "") for paths, holds in rows}


def rooms(root: Path, names: Iterable[str]) -> list[Room]:
    """The rooms, floor by floor, each with those of the package's `names` that are in it.

    Raises:
        AuthoringError: a name is in no row of the page, in no floor, or in a row whose other names are on another floor.
    """
    found = {
        paths: Room(paths.replace(f"{PACKAGE}/", "").replace(".py", ""), holds) for paths, holds in table(root).items()
    }
    left = set(names)
    for number, floor in enumerate(floors(root)):
        for name in (name for name in floor if name in left):
            left.remove(name)
            own = [paths for paths in found if any(fnmatch(name, _module(path)) for path in paths.split(", "))]
            if len(own) != 1:
                raise AuthoringError(f"{PAGE}: {PACKAGE}.{name} is in {len(own)} rows of the house; it needs one.")
            room = found[own[0]]
            if room.modules and room.floor != number:
                raise AuthoringError(f"{PAGE}: {room.name} is one row of the house, on two floors.")
            room.modules.append(name)
            room.floor = number
    if left:
        raise AuthoringError(f"pyproject.toml: {', '.join(sorted(left))} of {PACKAGE} has no floor.")
    built = [room for room in found.values() if room.modules]
    order = [name for floor in floors(root) for name in floor]
    built.sort(key=lambda room: order.index(room.modules[0]))
    # A floor whose rooms are all missing has no height.
    used = sorted({room.floor for room in built})
    for room in built:
        room.floor = used.index(room.floor)
    return built


def arrows(graph: grimp.ImportGraph, built: Sequence[Room]) -> list[Arrow]:
    """Which room imports which, without the arrows that follow from others, and without those to the ground."""
    home = {f"{PACKAGE}.{name}": room for room in built for name in room.modules}
    below: dict[str, set[str]] = {room.name: set() for room in built}
    for module in graph.modules:
        importer = home.get(".".join(module.split(".")[:2]))
        for imported in graph.find_modules_directly_imported_by(module):
            room = home.get(".".join(imported.split(".")[:2]))
            if importer and room and room is not importer:
                below[importer.name].add(room.name)
    by_name = {room.name: room for room in built}
    ground = max(room.floor for room in built)
    return [
        (by_name[name], by_name[other])
        for name, others in below.items()
        for other in sorted(others - {far for near in others for far in _under(near, below)})
        if by_name[other].floor < ground
    ]


def words(built: Sequence[Room], drawn: Sequence[Arrow]) -> str:
    """The picture in words: the floors from the top, and each arrow."""
    lines = []
    for number in range(max(room.floor for room in built) + 1):
        lines.append(f"Floor {number + 1}: {', '.join(room.name for room in built if room.floor == number)}.")
    lines += [
        f"{room.name} imports {', '.join(to.name for start, to in drawn if start is room)}."
        for room in dict.fromkeys(start for start, _ in drawn)
    ]
    return " ".join(["The rooms of the package course, from the top floor to the ground.", *lines])


def picture(root: Path) -> str:
    """The picture as SVG; always the same for the same source."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    built = rooms(root, (child.partition(".")[2] for child in graph.find_children(PACKAGE)))
    drawn = arrows(graph, built)
    _lay_out(built)
    last = max(room.floor for room in built)
    height = _EDGE / 2 + (last + 1) * _STOREY + 8
    top = _EDGE / 2 + last * _STOREY
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img" '
        'aria-labelledby="title words">',
        '<title id="title">The house: the package course</title>',
        f'<desc id="words">{escape(words(built, drawn))}</desc>',
        f"<style>\n{_STYLE}\n</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path class="head" d="M0 0.5 L8 4 L0 7.5 z"/></marker></defs>',
        f'<rect class="page" width="{_WIDTH:.0f}" height="{height:.0f}"/>',
        f'<rect class="ground" x="8" y="{top - 12:.0f}" width="{_WIDTH - 16:.0f}" height="{_BOX + 24:.0f}" rx="10"/>',
        *(f'<path class="arrow" marker-end="url(#head)" d="{path}"/>' for path in _paths(built, drawn)),
        *(_box(room) for room in built),
        _note(
            height - 10,
            "The ground: every room may import it. An arrow is an import; one that follows from others is left out.",
        ),
        _note(_EDGE / 2 + 14, "solid frame: lessons import it", left=True),
        _note(_EDGE / 2 + 32, "dashed frame: authors and graders do", left=True),
        _note(_EDGE / 2 + 50, "round corners: a folder; sharp ones: a file", left=True),
        "</svg>",
    ]
    return "\n".join([*parts, ""])


def main(arguments: Sequence[str]) -> int:
    """Draw the picture, or with ``--check`` say whether it is current. Returns the exit status."""
    root = course_root()
    file, drawn = root / PICTURE, picture(root)
    if "--check" not in arguments:
        say(f"{PICTURE}: {'drawn' if write(file, drawn) else 'current'}")
        return 0
    if file.is_file() and file.read_text(encoding="utf-8") == drawn:
        return 0
    say(f"{PICTURE} is not what the source gives. Draw it: make house")
    return 1


def _module(path: str) -> str:
    """The module, or a pattern of modules, that a path of the page stands for."""
    return path.removeprefix(f"{PACKAGE}/").rstrip("/").removesuffix(".py")


def _under(name: str, below: Mapping[str, set[str]]) -> set[str]:
    return {far for near in below[name] for far in ({near} | _under(near, below))}


def _lay_out(built: Sequence[Room]) -> None:
    """Give each floor's boxes their places: alike in width, the row in the middle."""
    for number in range(max(room.floor for room in built) + 1):
        row = [room for room in built if room.floor == number]
        width = min(_WIDEST, (_WIDTH - 2 * _EDGE - _GAP * (len(row) - 1)) / len(row))
        # The fewer they are the more air is between them, so that arrows find their way.
        gap = max(_GAP, (_WIDTH - 2 * _EDGE - width * len(row)) / (len(row) + 1)) if len(row) > 1 else 0
        left = (_WIDTH - width * len(row) - gap * (len(row) - 1)) / 2
        for i, room in enumerate(row):
            room.width = width
            room.x = left + i * (width + gap) + width / 2


def _paths(built: Sequence[Room], drawn: Sequence[Arrow]) -> list[str]:
    """Each arrow: down from its room, through the gaps between the boxes of the floors that it passes."""
    lanes: dict[tuple[Arrow, int], float] = {}
    for floor in range(max(room.floor for room in built)):
        row = [room for room in built if room.floor == floor]
        passing = [arrow for arrow in drawn if arrow[0].floor < floor < arrow[1].floor]
        # From left to right as their rooms lie, so that two of them cross as rarely as can be.
        passing.sort(key=lambda arrow: (arrow[1].x, arrow[0].x))
        taken: list[float] = []
        for start, to in passing:
            share = (floor - start.floor) / (to.floor - start.floor)
            taken.append(_lane(start.x + share * (to.x - start.x), row, taken))
        lanes |= {(arrow, floor): x for arrow, x in zip(passing, sorted(taken), strict=True)}
    down = {arrow: lanes.get((arrow, arrow[0].floor + 1), arrow[1].x) for arrow in drawn}
    up = {arrow: lanes.get((arrow, arrow[1].floor - 1), arrow[0].x) for arrow in drawn}
    paths = []
    for arrow in drawn:
        start, to = arrow
        points = [(_port(start, [x for other, x in down.items() if other[0] is start], down[arrow]), start.top + _BOX)]
        for floor in range(start.floor + 1, to.floor):
            top = _EDGE / 2 + floor * _STOREY
            points += [(lanes[arrow, floor], top - 6), (lanes[arrow, floor], top + _BOX + 6)]
        points.append((_port(to, [x for other, x in up.items() if other[1] is to], up[arrow]), to.top - 1))
        paths.append(_curve(points))
    return paths


def _port(room: Room, others: Sequence[float], other: float) -> float:
    """Where on the edge of its box an arrow is fastened: the arrows stand in the order of their next points."""
    share = (sorted(others).index(other) + 1) / (len(others) + 1)
    return room.x + (share - 0.5) * room.width * 0.8


def _lane(wanted: float, row: Sequence[Room], taken: Sequence[float]) -> float:
    """The x nearest to the wanted one that is free of boxes and of the arrows that pass already."""

    def free(x: float) -> bool:
        apart = all(abs(x - room.x) >= room.width / 2 + _LANE for room in row)
        return apart and all(abs(x - other) >= _LANE for other in taken)

    tries = (wanted + side * step for step in range(int(_WIDTH)) for side in (1, -1))
    return next(x for x in tries if _LANE < x < _WIDTH - _LANE and free(x))


def _curve(points: Sequence[tuple[float, float]]) -> str:
    (x, y), *_ = points
    path = f"M{x:.0f} {y:.0f}"
    for (x, y), (to_x, to_y) in pairwise(points):
        middle = (y + to_y) / 2
        path += f" C{x:.0f} {middle:.0f} {to_x:.0f} {middle:.0f} {to_x:.0f} {to_y:.0f}"
    return path


def _box(room: Room) -> str:
    kind = "room staff" if room.modules[0] in STAFF else "room"
    # A file is a sharp box, a folder a round one.
    corner = 10 if room.name.endswith("/") else 2
    names = textwrap.wrap(room.name, int((room.width - 8) / _NAME_LETTER), break_long_words=False)
    lines = textwrap.wrap(room.holds, int((room.width - 12) / _LETTER))
    y = room.top + (_BOX - _LINE * (len(names) + len(lines))) / 2 - 5
    parts = [
        f'<rect class="{kind}" x="{room.x - room.width / 2:.0f}" y="{room.top:.0f}" width="{room.width:.0f}" '
        f'height="{_BOX:.0f}" rx="{corner}"/>'
    ]
    for i, line in enumerate([*names, *lines], 1):
        style, lower = (' class="name"', 0) if i <= len(names) else ("", 2)
        parts.append(f'<text{style} x="{room.x:.0f}" y="{y + i * _LINE + lower:.0f}">{escape(line)}</text>')
    return "\n".join(parts)


def _note(y: float, text: str, *, left: bool = False) -> str:
    style = ' style="text-anchor: start"' if left else ""
    return f'<text class="note" x="{16 if left else _WIDTH / 2:.0f}" y="{y:.0f}"{style}>{escape(text)}</text>'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
