"""A clone has LF at the end of each line, whatever git is told; where a file has not, the commands name the cause."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from making import code, make_course, markdown, notebook, save
from running import typed

from course.authoring.lessons import course_root
from course.authoring.notebook import dumps, read
from course.curriculum import lesson_of

pytestmark = pytest.mark.one_set

ROOT = course_root(Path(__file__).parent)
BINARY = {".png", ".npz", ".zip", ".gz", ".jpg", ".jpeg", ".gif", ".webp", ".pdf", ".whl", ".woff", ".woff2", ".ico"}
LESSON = f"notebooks/{lesson_of('the_neuron')}.ipynb"

Run = Callable[..., tuple[int, str]]


def _git(*words: str, cwd: Path) -> str:
    return subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True, encoding="utf-8").stdout


@pytest.mark.parametrize("autocrlf", ["true", "input"])
def test_a_clone_made_with_core_autocrlf_has_no_cr(tmp_path: Path, autocrlf: str) -> None:
    clone = tmp_path / "clone"
    told = ["-c", f"core.autocrlf={autocrlf}", "-c", "core.eol=crlf", "-c", "core.safecrlf=false"]
    _git(*told, "clone", "--quiet", "--shared", str(ROOT), str(clone), cwd=tmp_path)
    files = [clone / name for name in _git("ls-files", "-z", cwd=clone).split("\0") if name]
    assert len(files) > 100
    assert [str(file) for file in files if file.suffix not in BINARY and b"\r" in file.read_bytes()] == []
    assert _git("status", "--porcelain", cwd=clone) == "", "binary files are as they were, too"
    assert (clone / ".ci" / "run").read_bytes().startswith(b"#!/usr/bin/env bash\n")


def test_every_kind_of_file_has_its_attributes() -> None:
    files = sorted({name for name in _git("ls-files", "-co", "--exclude-standard", "-z", cwd=ROOT).split("\0") if name})
    told = _git("check-attr", "-z", "text", "eol", "--", *files, cwd=ROOT).split("\0")
    found: dict[str, dict[str, str]] = {}
    for name, attribute, value in zip(told[::3], told[1::3], told[2::3], strict=False):
        found.setdefault(name, {})[attribute] = value
    assert [name for name in files if (found[name]["text"] == "unset") != (Path(name).suffix in BINARY)] == []
    assert [name for name in files if found[name]["text"] != "unset" and found[name]["eol"] != "lf"] == []


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `course` in a small clone in which all is as it should be: (exit code, what it complained of)."""
    repository = "https://github.com/owner/name"
    make_course(tmp_path)
    settings = f'[project]\nname = "threads-to-networks"\n[tool.course]\nrepository = "{repository}"\n'
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    marks = f"<!-- badges: written by `course badges --write` -->\n\n| {lesson_of('the_neuron')} | why? | |\n\n<!-- end of badges -->\n"
    (tmp_path / "README.md").write_text(marks, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    program = typed(monkeypatch, capsys)

    def run(*words: str) -> tuple[int, str]:
        status, _, complained = program(*words)
        return status, complained

    for words in (
        ["bootstrap", "--write"],
        ["badges", "--write"],
        ["format", "--no-run"],
        ["release"],
        ["badges", "--write"],
    ):
        run(*words)
    return run


CHANGED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "Windows": (lambda raw: raw.replace(b"\n", b"\r\n"), "its lines end in CR LF, not in LF (an editor on Windows"),
    "old Mac": (lambda raw: raw.replace(b"\n", b"\r"), "its lines end in CR, not in LF. "),
    "a mark": (lambda raw: b"\xef\xbb\xbf" + raw, "it begins with a byte-order mark (BOM). "),
    "both": (
        lambda raw: b"\xef\xbb\xbf" + raw.replace(b"\n", b"\r\n"),
        "mark (BOM) and its lines end in CR LF, not in LF",
    ),
}


@pytest.mark.parametrize("change", CHANGED)
@pytest.mark.parametrize(
    ("file", "check", "mend"),
    [
        (LESSON, ["format", "--check"], ["format", "--no-run"]),
        (f"solutions/{lesson_of('the_neuron')}.ipynb", ["format", "--check"], ["format", "--no-run"]),
        (f"exercises/{lesson_of('the_neuron')}.ipynb", ["format", "--check"], ["format", "--no-run"]),
        (f"exercises/{lesson_of('the_neuron')}.ipynb", ["release", "--check"], ["release"]),
        ("README.md", ["badges", "--check"], ["badges", "--write"]),
    ],
)
def test_a_file_of_another_system_is_named_with_its_cause_and_mended_by_the_command_that_is_named(
    course: Run, tmp_path: Path, change: str, file: str, check: list[str], mend: list[str]
) -> None:
    path = tmp_path / file
    before, (changed, said) = path.read_bytes(), CHANGED[change]
    path.write_bytes(changed(before))
    status, err = course(*check)
    (line,) = [line for line in err.splitlines() if file in line and "was not run" not in line]
    assert status == 1 and said in line and f"Run `course {' '.join(mend)}`" in line
    assert "Traceback" not in err and "not a notebook" not in err
    course(*mend)
    assert path.read_bytes() == before


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_a_cell_with_the_line_endings_of_another_system_is_named_with_its_cause(
    course: Run, tmp_path: Path, ending: str
) -> None:
    before = (tmp_path / LESSON).read_bytes()
    nb = read(tmp_path / LESSON)
    nb["cells"][0]["source"] += "\nmore"
    for cell in nb["cells"]:
        cell["source"] = cell["source"].replace("\n", ending)
    (tmp_path / LESSON).write_text(dumps(nb), encoding="utf-8", newline="")
    name = "CR LF" if ending == "\r\n" else "CR"
    for check in ("format", "bootstrap", "badges"):
        status, err = course(check, "--check", LESSON)
        assert status == 1 and f"lines end in {name}, not in LF" in err, check
    for words in (["format", "--no-run"], ["badges", "--write"]):
        course(*words)
    assert (tmp_path / LESSON).read_bytes() == before


def test_a_notebook_in_utf_16_is_named_as_such(course: Run, tmp_path: Path) -> None:
    save(tmp_path / LESSON, notebook(markdown("# A"), code("1")))
    (tmp_path / LESSON).write_bytes((tmp_path / LESSON).read_text(encoding="utf-8").encode("utf-16"))
    status, err = course("format", "--check")
    assert status == 1 and "is not a text file in UTF-8 (it is in UTF-16, as its byte-order mark says)." in err
