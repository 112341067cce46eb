"""The table of lessons is the one place of their numbers: code, tests and the names of their files know a lesson by its topic."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from course.authoring.lessons import course_root, names, table
from course.curriculum import LESSONS, TOPICS, lesson_of, number_of, topic_of

pytestmark = pytest.mark.one_set

ROOT = course_root(Path(__file__).parent)
CODE = sorted(path for folder in ("course", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
# "NN_the_neuron", as a whole name or in a path; "lesson_NN".
NUMBERED = re.compile(rf"(?<!\d)\d\d_(?:{'|'.join(TOPICS)})(?![A-Za-z0-9])|lesson_?\d")


def _not_docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, text) of the strings and names in a module, but what is written for people: docstrings may say an example."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            yield node.lineno, node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node.lineno, ast.unparse(node)


def _numbers_in(text: str) -> list[str]:
    return [f"{line}: {said}" for line, said in _not_docstrings(ast.parse(text)) if NUMBERED.search(said)]


def test_no_code_knows_a_lesson_by_its_number() -> None:
    found = [f"{path.relative_to(ROOT)}:{one}" for path in CODE for one in _numbers_in(path.read_text("utf-8"))]
    assert found == []


def test_no_file_or_folder_of_code_is_called_by_a_number() -> None:
    files = [path.relative_to(ROOT).as_posix() for path in CODE]
    files += [path.relative_to(ROOT).as_posix() for path in (ROOT / "benchmarks" / "results").iterdir()]
    assert [path for path in files if NUMBERED.search(path)] == []


@pytest.mark.parametrize(
    "planted",
    [
        f'NAME = "{LESSONS[2]}"',
        f'path = f"notebooks/{LESSONS[-1]}.ipynb"',
        "def test_lesson_" + "03(): ...",
        "import course.checks.lesson_" + "03",
    ],
)
def test_a_planted_number_would_be_found(planted: str) -> None:
    assert _numbers_in(planted)


def test_the_table_is_the_notebooks_in_their_order() -> None:
    assert names(ROOT) == list(LESSONS) == list(table(ROOT))


def test_each_topic_has_a_catalogue_and_each_catalogue_a_topic() -> None:
    folders = {path.parent.name for path in (ROOT / "course" / "exercises").glob("*/__init__.py")}
    assert folders == set(TOPICS)


def test_a_lesson_is_found_by_its_topic_and_by_a_name_with_any_number() -> None:
    for place, topic in enumerate(TOPICS):
        name = lesson_of(topic)
        assert (number_of(name), topic_of(name)) == (f"{place:02}", topic)
        assert lesson_of(name) == lesson_of(f"77_{topic}") == name and topic_of(topic) == topic
    assert number_of("the_neuron") == ""
    with pytest.raises(KeyError, match=f"there is no lesson 'nothing'; there are {LESSONS[0]}"):
        lesson_of("nothing")
