"""Which notebooks the course has, and where they are."""

from __future__ import annotations

import ast
import difflib
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.authoring.minutes import stated
from course.authoring.notebook import AuthoringError, read
from course.curriculum import numbered, topic_of

LESSONS, SOLUTIONS, EXERCISES = "notebooks", "solutions", "exercises"
KINDS = (LESSONS, SOLUTIONS, EXERCISES)
DISTRIBUTION = "threads-to-networks"
TABLE = "course/curriculum.py"


@dataclass(frozen=True)
class Lesson:
    """A lesson's name (`02_the_neuron`) and what `course list` says of it."""

    name: str
    title: str
    minutes: int | None
    exercises: tuple[str, ...]
    points: float
    files: tuple[str, ...]


def course_root(start: Path | None = None) -> Path:
    """The folder of the course that `start` (default: the working directory) lies in.

    Raises AuthoringError outside of a clone: authoring works on the repository's files, not on the installed
    package.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if settings(folder).get("project", {}).get("name") == DISTRIBUTION:
            return folder
    raise AuthoringError(f"{here} is not inside a clone of the course. Change into one and run the command there.")


def settings(root: Path) -> dict[str, Any]:
    """What `root`'s pyproject.toml says; empty where there is none."""
    file = root / "pyproject.toml"
    if not file.is_file():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise AuthoringError(f"{file} can't be read: {error}.") from None


def kind_of(path: Path) -> str:
    """notebooks, solutions or exercises, by the folder. A notebook elsewhere is held to a lesson's rules."""
    folder = path.resolve().parent.name
    return folder if folder in KINDS else LESSONS


def stored(root: Path, kinds: Iterable[str] = KINDS) -> list[Path]:
    """Every notebook of these kinds, in the order of the lessons."""
    return [path for kind in kinds for path in sorted((root / kind).glob("*.ipynb"))]


def names(root: Path) -> list[str]:
    """The lessons' names, in order: every name for which there is a lesson or a solution."""
    return sorted({path.stem for path in stored(root, (LESSONS, SOLUTIONS))})


def table(root: Path) -> tuple[str, ...]:
    """The lessons' names as the clone's table has them, in order; the notebooks' names where there is no table.

    It is read, not imported: the clone need not be where the running package comes from.

    Raises AuthoringError where it can't be read, a topic is no word, or one stands twice.
    """
    return numbered(_topics(root)[0]) if (root / TABLE).is_file() else tuple(names(root))


def to_come(root: Path) -> tuple[str, ...]:
    """The names of the lessons to come, by the clone's table; none where there is no table.

    Raises AuthoringError as :func:`table` does.
    """
    if not (root / TABLE).is_file():
        return ()
    there, later = _topics(root)
    return numbered((*there, *later))[len(there) :]


def _topics(root: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The topics of the lessons that are there, and of those to come."""
    try:
        body = ast.parse((root / TABLE).read_text(encoding="utf-8")).body
        there, later = (
            tuple(ast.literal_eval(node.value))
            for wanted in ("TOPICS", "TO_COME")
            for node in body
            if isinstance(node, ast.Assign) and _assigns(node, wanted)
        )
    except (SyntaxError, ValueError, TypeError) as error:
        raise AuthoringError(f"The table of lessons, TOPICS and TO_COME in {TABLE}, can't be read: {error}.") from None
    both = (*there, *later)
    for topic in both:
        if not isinstance(topic, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", topic):
            raise AuthoringError(f"{TABLE}: {topic!r} is no topic. A topic is of small letters, digits and _.")
        if both.count(topic) > 1:
            raise AuthoringError(f"{TABLE}: the topic {topic} stands twice.")
    return there, later


def _assigns(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def find_name(root: Path, wanted: str) -> str:
    """The one lesson that `wanted` means: its name, number ("02") or topic ("the_neuron"), or the beginning of its name or topic."""
    known = names(root)
    wanted = Path(wanted).name.removesuffix(".ipynb")
    if wanted in known:
        return wanted
    topics = {name: topic_of(name) for name in known}
    # A name with the number of another day is still the same lesson's.
    found = [name for name in known if topics[name] == topic_of(wanted)]
    if wanted and not found:
        found = [name for name in known if name.startswith(wanted) or topics[name].startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise AuthoringError(f"'{wanted}' can mean {', '.join(found)}. Write more of the name.")
    near = difflib.get_close_matches(wanted, known, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]}?" if near else ""
    there = f"There are {', '.join(known)}." if known else "There are no lessons yet."
    raise AuthoringError(f"There is no lesson '{wanted}'.{hint} {there}")


def select(root: Path, wanted: Sequence[str], kinds: Iterable[str]) -> list[Path]:
    """The notebooks that a command line means: by file, folder or lesson's name; all, where it names none."""
    kinds = tuple(kinds)
    if not wanted:
        return stored(root, kinds)
    found: list[Path] = []
    for word in wanted:
        path = Path(word)
        if path.is_dir():
            inside = sorted(path.glob("*.ipynb"))
            if not inside:
                raise AuthoringError(f"There are no notebooks in {word}.")
            found += inside
        elif path.suffix == ".ipynb":
            if not path.is_file():
                raise AuthoringError(f"{word} does not exist.")
            found.append(path)
        else:
            name = find_name(root, word)
            found += [path for path in stored(root, kinds) if path.stem == name]
    return list(dict.fromkeys(found))


def shown(path: Path, root: Path) -> str:
    """The path as messages show it: from the course's folder where it lies inside."""
    absolute = path.resolve()
    return str(absolute.relative_to(root)) if absolute.is_relative_to(root) else str(path)


def describe(root: Path, name: str) -> Lesson:
    """What is known of a lesson from its files."""
    title, minutes = name, None
    ids: list[str] = []
    points = 0.0
    if (lesson := root / LESSONS / f"{name}.ipynb").is_file():
        nb = read(lesson)
        text = "\n".join(cell["source"] for cell in nb["cells"] if cell["cell_type"] == "markdown")
        if heading := re.search(r"^#\s+(.+)$", text, re.M):
            title = heading[1].strip()
        minutes = stated(nb)
    if (solution := root / SOLUTIONS / f"{name}.ipynb").is_file():
        for cell in read(solution)["cells"]:
            grading = cell.get("metadata", {}).get("nbgrader", {})
            if grading.get("solution"):
                ids.append(str(grading.get("grade_id", "?")))
            points += grading.get("points", 0) or 0
    files = tuple(kind for kind in KINDS if (root / kind / f"{name}.ipynb").is_file())
    return Lesson(name, title, minutes, tuple(ids), points, files)
