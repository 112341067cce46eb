"""`course renumber`: a lesson put between two others, and every name, link and word follows; what does not follow is found."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from making import code, markdown, notebook, result, save

from course import cli
from course.authoring import badges, canonical, release
from course.authoring.lessons import KINDS, LESSONS, SOLUTIONS, TABLE, course_root, kind_of, names, stored, to_come
from course.authoring.notebook import AuthoringError, dumps, read
from course.authoring.renumber import renumber, wrong
from course.curriculum import TOPICS, lesson_of, number_of

pytestmark = pytest.mark.one_set

ROOT = course_root(Path(__file__).parent)
TEXTS = ("README.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml", *KINDS, "docs", TABLE, "course/exercises")
NEW = "between"


def name(number: int, topic: str) -> str:
    """A lesson's name, put together so that no number of a lesson stands in this file."""
    return f"{number:02}_{topic}"


def spelled(text: str) -> str:
    """A text that speaks of lessons; "l@ NN" stands here for the word, which would itself follow the table."""
    return text.replace("@", "esson")


def topics(root: Path, *there: str, later: tuple[str, ...] = ()) -> None:
    """Write the table of lessons."""
    file = root / TABLE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"TOPICS = {there!r}\nTO_COME = {later!r}\n", encoding="utf-8")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A clone with three lessons, of one notebook each, which speak of each other, and a guide."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "threads-to-networks"\n', encoding="utf-8")
    topics(tmp_path, "first", "second", "third", later=("fourth",))
    for number, topic in enumerate(("first", "second", "third")):
        shown = result(text__plain=spelled(f"l@ {number:02}"), image__png=spelled(f"l@ {number:02}"))
        words = markdown(f"# {number:02} · The {topic}\n\n## {number:02} · {topic.title()} things", id="title")
        save(tmp_path / LESSONS / f"{name(number, topic)}.ipynb", notebook(words, code("x", outputs=[shown], id="x")))
    return tmp_path


def text_after(root: Path, text: str, file: str = "README.md") -> str:
    """What becomes of a text where a lesson is put between the first and the second."""
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(spelled(text), encoding="utf-8")
    topics(root, "first", NEW, "second", "third", later=("fourth",))
    renumber(root)
    return path.read_text(encoding="utf-8")


FOLLOW = {
    "a word": ("In l@ 01, and l@ 02's.", "In l@ 02, and l@ 03's."),
    "several words": ("L@s 00, 01 and 02; l@s 00 to 02.", "L@s 00, 02 and 03; l@s 00 to 03."),
    "a word at a line's end": ("as in l@\n    # 01 it was", "as in l@\n    # 02 it was"),
    "an option": ("course grade --l@ 01 --out x", "course grade --l@ 02 --out x"),
    "a name": ("01_second, `notebooks/02_third.ipynb`", "02_second, `notebooks/03_third.ipynb`"),
    "a learner's file": ("ada_01_second.ipynb", "ada_02_second.ipynb"),
    "a link": ("[l@ 01](01_second.ipynb#x)", "[l@ 02](02_second.ipynb#x)"),
    "links": ("[00](00_first.ipynb) to [**02**](02_third.ipynb)", "[00](00_first.ipynb) to [**03**](03_third.ipynb)"),
    "a link with several": ("[l@s 01 and 02](01_second.ipynb)", "[l@s 02 and 03](02_second.ipynb)"),
    "a link elsewhere": ("[l@ 01](https://a.b/c)", "[l@ 02](https://a.b/c)"),
    "a title": ("[**01 · Second**](01_second.ipynb) 02 · Third: x", "[**02 · Second**](02_second.ipynb) 03 · Third: x"),
    "a lesson to come": ("L@ 03 will show it.", "L@ 04 will show it."),
    "no lesson": ("section 01, ## 01 · Second, 01 %, l@ 0.01", "section 01, ## 01 · Second, 01 %, l@ 0.01"),
    "another topic": ("01_seconds_left, 01_else, x01_", "01_seconds_left, 01_else, x01_"),
}


@pytest.mark.parametrize(("before", "after"), FOLLOW.values(), ids=FOLLOW)
def test_what_follows(small: Path, before: str, after: str) -> None:
    assert text_after(small, before) == spelled(after)


def test_what_the_new_lesson_says_of_others_was_written_with_the_new_numbers(small: Path) -> None:
    for file in (f"{LESSONS}/{name(1, NEW)}.ipynb", f"exercises/{name(1, NEW)}.ipynb"):
        save(small / file, notebook(markdown(spelled("Before l@ 02, and after l@ 00: [l@ 01](01_second.ipynb)."))))
    text = text_after(small, '"""Before l@ 02."""', f"course/exercises/{NEW}/__init__.py")
    assert text == spelled('"""Before l@ 02."""')
    (cell,) = read(small / LESSONS / f"{name(1, NEW)}.ipynb")["cells"]
    assert cell["source"] == spelled("Before l@ 02, and after l@ 00: [l@ 02](02_second.ipynb).")


def test_notebooks_are_renamed_and_their_texts_follow_but_no_picture_or_id(small: Path) -> None:
    topics(small, "first", NEW, "second", "third")
    said = renumber(small)
    assert names(small) == [name(0, "first"), name(2, "second"), name(3, "third")]
    assert f"notebooks/{name(1, 'second')}.ipynb → notebooks/{name(2, 'second')}.ipynb" in said
    title, cell = read(small / LESSONS / f"{name(2, 'second')}.ipynb")["cells"]
    assert title["source"] == "# 02 · The second\n\n## 01 · Second things" and title["id"] == "title"
    assert cell["outputs"][0]["data"] == {"text/plain": spelled("l@ 02"), "image/png": spelled("l@ 01")}
    assert renumber(small) == []


@pytest.mark.parametrize("by_hand", [False, True])
def test_notebooks_may_be_renamed_before_or_by_the_command(small: Path, by_hand: bool) -> None:
    (small / "README.md").write_text(spelled("L@ 01, see [it](notebooks/01_second.ipynb); 02_third"), encoding="utf-8")
    topics(small, "first", NEW, "second", "third")
    if by_hand:
        for number, topic in ((2, "third"), (1, "second")):
            old = small / LESSONS / f"{name(number, topic)}.ipynb"
            old.rename(old.with_name(f"{name(number + 1, topic)}.ipynb"))
    renumber(small)
    assert (small / "README.md").read_text() == spelled("L@ 02, see [it](notebooks/02_second.ipynb); 03_third")
    assert names(small) == [name(0, "first"), name(2, "second"), name(3, "third")]


def test_one_old_name_among_many_is_mended_and_moves_no_word(small: Path) -> None:
    (small / "docs").mkdir()
    (small / "docs" / "x.md").write_text(spelled("01_second, 01_second, l@ 02"), encoding="utf-8")
    (small / "README.md").write_text("pasted: 02_second", encoding="utf-8")
    assert wrong(small) == ["README.md: 02_second is 01_second in course/curriculum.py."]
    renumber(small)
    assert (small / "README.md").read_text() == "pasted: 01_second"
    assert (small / "docs" / "x.md").read_text() == spelled("01_second, 01_second, l@ 02")


def test_in_a_repository_git_knows_the_notebooks_by_their_new_names(small: Path) -> None:
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *words], cwd=small, check=True)
    topics(small, "first", NEW, "second", "third")
    renumber(small)
    known = subprocess.run(["git", "ls-files", LESSONS], cwd=small, capture_output=True, text=True, check=True).stdout
    assert known.split() == [f"{LESSONS}/{path.name}" for path in stored(small)]


def test_what_the_course_makes_is_left_alone(small: Path) -> None:
    for place in ("build/site/index.html", "grades/feedback/ada.html", ".venv/lib/x.py"):
        (small / place).parent.mkdir(parents=True)
        (small / place).write_text(spelled("l@ 01"), encoding="utf-8")
        assert text_after(small, "l@ 01") == spelled("l@ 02") and (small / place).read_text() == spelled("l@ 01")
        topics(small, "first", "second", "third")
        renumber(small)


FOUND = {
    "a name": ("see 07_second", "README.md: 07_second is 01_second in course/curriculum.py."),
    "a link's text": (
        "[l@ 02](01_second.ipynb)",
        "the link's text 'l@ 02' does not say the number of 01_second.",
    ),
    "a link's number": ("lessons [00](01_second.ipynb)", "the link's text '00' does not say the number of 01_second."),
    "a title": ("00 · Second", "'00 · Second' is '01 · Second' in course/curriculum.py."),
    "a word": ("In l@ 44.", "'l@ 44': there is no l@ 44 in course/curriculum.py."),
    "one of several words": ("l@s 00, 01 and 09", "'l@s 00, 01 and 09': there is no l@ 09 in"),
    "one digit": ("In l@ 1 it was", "'l@ 1': a lesson's number has two digits"),
    "a link to nowhere": ("[x](notebooks/02_gone.ipynb)", "02_gone is no lesson of course/curriculum.py."),
}


@pytest.mark.parametrize(("planted", "said"), FOUND.values(), ids=FOUND)
def test_the_check_says_what_does_not_agree_and_writes_nothing(small: Path, planted: str, said: str) -> None:
    assert wrong(small) == []
    (small / "README.md").write_text(spelled(planted), encoding="utf-8")
    (one,) = wrong(small)
    assert spelled(said) in one and (small / "README.md").read_text() == spelled(planted)


def test_the_check_names_the_cell(small: Path) -> None:
    file = save(
        small / SOLUTIONS / f"{name(1, 'second')}.ipynb", notebook(markdown("x"), markdown(spelled("l@ 55"), id="b"))
    )
    (one,) = wrong(small)
    assert one.startswith(spelled(f"solutions/{file.name}, cell 2 of 2 (markdown, id b): 'l@ 55'"))


def test_the_check_compares_notebooks_with_the_table(small: Path) -> None:
    topics(small, "first", NEW, "third")
    assert wrong(small)[:2] == [
        f"notebooks/{name(1, 'second')}.ipynb is not in the table of lessons, course/curriculum.py.",
        f"{name(1, NEW)}, in course/curriculum.py, has no notebook.",
    ]


def test_names_that_contradict_each_other_are_told_before_anything_is_written(small: Path) -> None:
    (small / "README.md").write_text("07_second and 08_second", encoding="utf-8")
    with pytest.raises(AuthoringError, match="01_second is called by the numbers 07 and 08 elsewhere"):
        renumber(small)
    (small / "README.md").write_text("", encoding="utf-8")
    shutil.copy(small / LESSONS / f"{name(1, 'second')}.ipynb", small / LESSONS / f"{name(2, 'second')}.ipynb")
    topics(small, "first", NEW, "second", "third")
    with pytest.raises(AuthoringError, match=f"is to become {name(2, 'second')}.ipynb, which is there already"):
        renumber(small)
    assert (small / LESSONS / f"{name(1, 'second')}.ipynb").is_file()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("TOPICS = 3\nTO_COME = ()", "can't be read"),
        ("TOPICS = (", "can't be read"),
        ("TOPICS = ('a',)", "can't be read"),
        ("TOPICS = ('a', 'a')\nTO_COME = ()", "the topic a stands twice"),
        ("TOPICS = ('a', '02_b')\nTO_COME = ()", "'02_b' is no topic"),
    ],
)
def test_a_table_that_is_none_is_told(small: Path, table: str, said: str) -> None:
    (small / TABLE).write_text(table, encoding="utf-8")
    with pytest.raises(AuthoringError, match=said):
        wrong(small)


def test_in_this_course_every_name_link_and_word_agrees_with_the_table() -> None:
    assert wrong(ROOT) == []


def test_a_lesson_put_into_a_copy_of_this_course_is_followed_everywhere(tmp_path: Path) -> None:
    for part in TEXTS:
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / part).is_dir() else shutil.copyfile)(ROOT / part, tmp_path / part)  # type: ignore[operator]
    at = 4
    table = tmp_path / TABLE
    line = f'    "{TOPICS[at]}",\n'
    table.write_text(table.read_text("utf-8").replace(line, f'    "{NEW}",\n{line}'), encoding="utf-8")
    links = [f"{number_of(lesson_of(topic))}_{topic}" for topic in TOPICS[at:]]
    before = _texts(tmp_path)
    renumber(tmp_path)
    assert wrong(tmp_path) == [f"{name(at, NEW)}, in {TABLE}, has no notebook."]
    assert renumber(tmp_path) == []
    # Nothing is left of the old names, and all that changed are numbers.
    after = _texts(tmp_path)
    assert not re.search(r"(?<!\d)(?:" + "|".join(links) + ")", "".join(after.values()))
    assert [re.sub(r"\d\d", "", text) for text in before.values()] == [
        re.sub(r"\d\d", "", text) for text in after.values()
    ]
    # The notebooks are in the canonical form, with their badges, and exercises are what `course release` makes of solutions.
    for path in stored(tmp_path):
        assert not canonical.problems(read(path), kind_of(path), path.read_text("utf-8")), path.name
        assert badges.problem(read(path), path, tmp_path) is None, path.name
    assert [release.exercise_problem(path, tmp_path) for path in stored(tmp_path, (SOLUTIONS,))] == [None] * len(TOPICS)
    assert badges.readme_problems((tmp_path / "README.md").read_text("utf-8"), tmp_path) == []
    assert number_of(to_come(tmp_path)[0]) == f"{len(TOPICS) + 1:02}"


def _texts(root: Path) -> dict[str, str]:
    """Every text but the table, by its path without numbers; a notebook's pictures left out."""
    found = {}
    for path in sorted(root.rglob("*")):
        if path.suffix in (".md", ".py", ".ipynb") and path != root / TABLE:
            text = path.read_text("utf-8")
            if path.suffix == ".ipynb":
                text = re.sub(r'"image/png": "[^"]*"', "", dumps(json.loads(text) | {"cells": read(path)["cells"]}))
            found[re.sub(r"\d\d_", "", str(path.relative_to(root)))] = text
    return dict(sorted(found.items()))


def test_the_command_says_what_it_did_and_fails_where_the_check_finds_something(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def course(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["course", "renumber", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    monkeypatch.chdir(small)
    agrees = "All names, links and words agree with course/curriculum.py.\n"
    assert course("--check") == (0, agrees, "") == course()
    topics(small, "first", "third", "second")
    status, out, err = course("--check")
    assert status == 1 and not out and "01_second.ipynb is 02_second in course/curriculum.py." in err
    status, out, _ = course()
    assert status == 0 and f"{LESSONS}/01_second.ipynb → {LESSONS}/02_second.ipynb\n" in out
    assert course("--check") == (0, agrees, "")
