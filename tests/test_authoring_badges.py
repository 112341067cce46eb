"""Badges: one setting says where the course is published, and every address in notebooks and README follows from it."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from making import code, make_course, markdown, notebook
from typer.testing import CliRunner

from course.authoring import badges
from course.authoring.lessons import EXERCISES, LESSONS, SOLUTIONS, course_root, stored
from course.authoring.notebook import AuthoringError, dumps, read, write
from course.authoring.published import Published, published, set_tag
from course.authoring.release import release_file
from course.cli import app
from course.curriculum import lesson_of

pytestmark = pytest.mark.one_set

ROOT = course_root(Path(__file__).parent)
HOME = Published("https://github.com/owner/name", "", "main")
NAME = lesson_of("the_neuron")
README = f"# Course\n\n{badges.BEGIN}\n\n| lesson | |\n| --- | --- |\n| {NAME} | soon |\n| later | to come |\n\n{badges.END}\n\nEnd.\n"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small course on GitHub, in the working directory."""
    root = make_course(tmp_path)
    settings = (root / "pyproject.toml").read_text().replace("https://example.org/course", HOME.repository)
    version = settings.replace("[tool.course]", 'version = "1.2.0"\n[tool.course]')
    (root / "pyproject.toml").write_text(version + "\n[tool.other]\ntag = 'mine'\n")
    (root / "README.md").write_text(README)
    for path in stored(root):  # as `course format` leaves them
        write(path, dumps(_with_ids(read(path))))
    monkeypatch.chdir(root)
    return root


def _with_ids(nb: dict) -> dict:
    for number, cell in enumerate(nb["cells"]):
        cell.setdefault("id", f"cell-{number}")
    return nb


def run(*words: str) -> str:
    """What the command prints, whether it fails or not."""
    done = CliRunner().invoke(app, list(words))
    return f"{done.exit_code} {done.output} {done.exception or ''}"


@pytest.mark.parametrize("path", stored(ROOT), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_notebook_begins_with_its_badge(path: Path) -> None:
    assert badges.problem(read(path), path, ROOT) is None


def test_the_readme_has_a_badge_for_every_lesson() -> None:
    assert list(map(str, badges.readme_problems((ROOT / "README.md").read_text(encoding="utf-8"), ROOT))) == []


def test_an_address_is_the_release_or_until_there_is_one_the_branch() -> None:
    assert HOME.colab("a/b.ipynb") == "https://colab.research.google.com/github/owner/name/blob/main/a/b.ipynb"
    assert HOME.package == "git+https://github.com/owner/name"
    release = Published("https://github.com/owner/name.git/", "v1.0.0", "main")
    assert release.colab("a/b.ipynb") == "https://colab.research.google.com/github/owner/name/blob/v1.0.0/a/b.ipynb"
    assert release.page("a/b.ipynb") == "https://github.com/owner/name/blob/v1.0.0/a/b.ipynb"
    assert release.package.endswith("@v1.0.0")


@pytest.mark.parametrize(
    "repository", ["https://example.org/owner/name", "git@github.com:owner/name", "https://github.com/owner"]
)
def test_a_repository_that_colab_cannot_open_is_refused(repository: str) -> None:
    with pytest.raises(AuthoringError, match="Colab opens notebooks from GitHub"):
        Published(repository, "", "main").colab("a.ipynb")


def test_a_setting_that_is_no_name_is_refused(course: Path) -> None:
    text = (course / "pyproject.toml").read_text()
    for line in ('tag = "v1 0"', "tag = 1", 'branch = "-x"', 'branch = "a b"'):
        (course / "pyproject.toml").write_text(text.replace("[tool.course]", f"[tool.course]\n{line}"))
        with pytest.raises(AuthoringError, match="is no name"):
            published(course)


def test_the_cell_opens_its_notebook_leads_to_the_companions_and_reads_well_without_its_picture() -> None:
    for kind, companion in ((LESSONS, EXERCISES), (EXERCISES, LESSONS)):
        text = badges.source(kind, NAME, HOME)
        assert text.startswith(f"[![Open in Colab]({badges.PICTURE})]({HOME.colab(f'{kind}/{NAME}.ipynb')})")
        assert text.count("colab.research.google.com/github") == 2
        assert HOME.colab(f"{companion}/{NAME}.ipynb") in text
        assert f"[download from GitHub]({HOME.page(f'{kind}/{NAME}.ipynb')})" in text
    assert "../" not in text


def test_it_is_put_on_top_an_older_one_is_replaced_and_nothing_else_is_touched() -> None:
    nb = notebook(markdown("# A", id="a"), markdown("old", id="badge"), code("1", id="b", count=1))
    before = copy.deepcopy(nb)
    full = badges.put(nb, LESSONS, NAME, HOME)
    assert nb == before
    assert [cell["id"] for cell in full["cells"]] == ["badge", "a", "b"]
    assert [full["cells"][1], full["cells"][2]] == [nb["cells"][0], nb["cells"][2]]
    assert badges.put(full, LESSONS, NAME, HOME) == full


def test_a_solutions_badge_is_its_exercises_and_leads_nobody_to_the_answers(course: Path) -> None:
    solution = course / SOLUTIONS / f"{NAME}.ipynb"
    exercise = course / EXERCISES / f"{NAME}.ipynb"
    write(solution, dumps(badges.put(read(solution), SOLUTIONS, NAME, HOME)))
    release_file(solution, course)
    assert badges.problem(read(exercise), exercise, course) is None
    assert badges.problem(read(solution), solution, course) is None
    assert f"{SOLUTIONS}/" not in badges.source(SOLUTIONS, NAME, HOME)


def test_the_command_writes_what_the_gate_asks_for_once_and_a_changed_cell_is_found(course: Path) -> None:
    assert "Run `course badges --write`" in run("badges", "--check")
    assert run("badges", "--write").startswith("0 3 files are written.")  # lesson, solution, README
    assert run("badges", "--check").startswith("0 2 files")
    assert run("badges", "--write").startswith("0 0 files")
    path = course / LESSONS / f"{NAME}.ipynb"
    write(path, path.read_text().replace("/blob/main/", "/blob/mine/", 1))
    assert f"notebooks/{NAME}.ipynb, cell 1" in run("badges", "--check")


def test_the_readmes_rows_get_a_badge_in_their_last_column_and_a_missing_row_is_named(course: Path) -> None:
    text = badges.readme(README, course)
    (row,) = [line for line in text.splitlines() if line.startswith(f"| {NAME} ")]
    opens = HOME.colab(f"{LESSONS}/{NAME}.ipynb")
    assert row == f"| {NAME} | [![Open {NAME} in Colab]({badges.PICTURE})]({opens}) |"
    assert text.replace(row, f"| {NAME} | soon |") == README
    assert badges.readme(text, course) == text and badges.readme_problems(text, course) == []
    assert f"no row for {NAME}" in str(badges.readme_problems(README.replace(NAME, "another"), course)[0])
    assert "does not stand between" in str(badges.readme_problems(README.replace(badges.END, ""), course)[0])
    assert badges.readme(README.replace(badges.END, ""), course) == README.replace(badges.END, "")


def test_a_tag_rewrites_every_address_runs_nothing_and_the_branch_brings_all_of_it_back(course: Path) -> None:
    run("tag", "--branch")  # set-up cells and badges as of the branch
    run("release")
    before = {path: path.read_bytes() for path in [*stored(course), course / "README.md", course / "pyproject.toml"]}
    assert run("tag").startswith("0 https://github.com/owner/name, branch main")
    assert run("tag", "v1.2.0").startswith("0 pyproject.toml: written")
    assert published(course).tag == "v1.2.0"
    assert "tag = 'mine'" in (course / "pyproject.toml").read_text()
    for path in before:
        text = path.read_text()
        assert "v1.2.0" in text and "/blob/main/" not in text, path
        if path.suffix == ".ipynb":
            assert "owner/name@v1.2.0" in text
    for gate in ("badges", "bootstrap", "release"):
        assert run(gate, "--check").startswith("0 "), gate
    assert run("tag", "v1.2.0").startswith("0 pyproject.toml: unchanged; set-up cells written: 0; badges: 0")
    assert run("tag", "--branch").startswith("0 pyproject.toml: written")
    assert {path: path.read_bytes() for path in before} == before


def test_a_tag_that_is_not_the_packages_version_is_refused_and_changes_nothing(course: Path) -> None:
    before = (course / "pyproject.toml").read_text()
    assert "the tag is v1.2.0, not v1.3.0. Set the version first" in run("tag", "v1.3.0")
    with pytest.raises(AuthoringError, match="Set the version first"):
        set_tag(course, "1.2.0")
    assert (course / "pyproject.toml").read_text() == before
    assert "not both" in run("tag", "v1.2.0", "--branch")
