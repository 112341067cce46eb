"""Every command says what it has to say on a terminal of any encoding and width, and into a pipe that is closed."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fake_grader import Fake
from making import code, grading, make_course, markdown, notebook, save, solution

from course import claim, cli
from course.authoring import site
from course.authoring.lessons import course_root
from course.checks import exercises
from course.cli import notebooks
from course.console import Console
from course.curriculum import lesson_of
from course.grading import session
from course.grading.sandbox import bubblewrap
from course.terminal import readable, say

pytestmark = pytest.mark.one_set

ROOT = course_root(Path(__file__).parent)
# Each in a pipe or on a terminal, and the poorest in both.
ENCODINGS = [("ascii", False), ("ascii", True), ("latin-1", True), ("cp1252", False), ("cp437", True)]
LATIN = lesson_of("the_neuron")
ODD = "b\udcfcd"  # a file's name with a byte that is no text in this locale
_ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Said(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Said]


class Stream(io.TextIOWrapper):
    """A terminal's or a file's stream in some encoding, that refuses what it can't encode, as standard output does."""

    def __init__(self, encoding: str, terminal: bool) -> None:
        self.kept = io.BytesIO()
        self.terminal = terminal
        super().__init__(self.kept, encoding=encoding, errors="strict")

    def isatty(self) -> bool:
        return self.terminal

    def text(self) -> str:
        self.flush()
        return self.kept.getvalue().decode(self.encoding)


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small clone, with signs of every kind where the commands show them, and a class that hands in."""
    (tmp_path / "clone").mkdir()
    root = make_course(tmp_path / "clone")
    settings = '[project]\nname = "threads-to-networks"\n[tool.course]\nrepository = "https://github.com/owner/name"\n'
    (root / "pyproject.toml").write_text(settings, encoding="utf-8")
    save(
        root / "notebooks" / f"{LATIN}.ipynb",
        notebook(markdown("# 02 · Das Neuron “✓” → größer × 2 — 神経"), code("1")),
    )
    save(root / "solutions" / f"{LATIN}.ipynb", solution(*exercises(LATIN)))
    answer = notebook(code("def neuron(x, w, b):\n    return 1", metadata=grading("neuron")))
    for learner in ("ada", "Müller Łukasz", "神経", "broken"):
        save(root / "submitted" / learner / f"{LATIN}.ipynb", answer)
    (root / "submitted" / "broken" / f"{LATIN}.ipynb").write_text("", encoding="utf-8")
    monkeypatch.chdir(root)
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "größe.json"))
    monkeypatch.setattr(session, "Worker", Fake)
    monkeypatch.setattr(bubblewrap, "available", lambda: "")
    monkeypatch.setattr(site, "build", lambda root, folder, **_: root / "build → site")
    monkeypatch.setattr(notebooks.subprocess, "run", lambda words, **_: subprocess.CompletedProcess(words, 0))
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    return root


@pytest.fixture
def course(clone: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `course` with streams of an encoding."""

    def run(*words: str, encoding: str, terminal: bool = False) -> Said:
        out, err = Stream(encoding, terminal), Stream(encoding, terminal)
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", out)
            patched.setattr(sys, "stderr", err)
            patched.setattr(sys, "argv", ["course", *words])
            with pytest.raises(SystemExit) as ended:
                cli.main()
        return Said(int(ended.value.code or 0), out.text(), err.text())

    return run


GRADE = ["grade", "submitted", "--lesson", "the_neuron", "--seed", "5", "--regrade"]
COMMANDS: dict[str, list[str]] = {
    "help": ["--help"],
    "help of grade": ["grade", "--help"],
    "no such command": ["größe"],
    "list": ["list"],
    "progress": ["progress"],
    "progress of a lesson": ["progress", "--lesson", "the_neuron"],
    "progress as JSON": ["progress", "--json"],
    "progress of a file": ["progress", "--file", f"{ODD}→.json"],
    "format": ["format", "--check"],
    "format of what is not there": ["format", f"{ODD}✓.ipynb"],
    "tidy": ["format", "--no-run"],
    "release": ["release"],
    "gate of release": ["release", "--check"],
    "gate of bootstrap": ["bootstrap", "--check"],
    "bootstrap": ["bootstrap"],
    "badges": ["badges"],
    "tag": ["tag"],
    "wrong tag": ["tag", "größe"],
    "site": ["site"],
    "grade": GRADE,
    "grade without a sandbox": [*GRADE, "--no-sandbox"],
    "grade what is not there": ["grade", f"{ODD}✓"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_ends_as_in_utf_8_on_a_terminal_of_any_encoding(course: Run, name: str) -> None:
    wanted = course(*COMMANDS[name], encoding="utf-8").status
    for encoding, terminal in ENCODINGS:
        said = course(*COMMANDS[name], encoding=encoding, terminal=terminal)
        assert said.status == wanted, f"{encoding}: {said.err}"
        assert said.out + said.err, encoding
        assert "UnicodeEncodeError" not in said.err and "Traceback" not in said.err, encoding
        if name != "progress as JSON":
            told = {*re.findall(r"\\u[0-9a-f]{4}", said.out + said.err)}
            assert told <= {"\\u795e", "\\u7d4c"}, "no sign but of another script"


@pytest.mark.parametrize("environment", [{"COLUMNS": "40"}, {"TERM": "dumb"}, {"NO_COLOR": "1"}, {"COLUMNS": "0"}, {}])
@pytest.mark.parametrize("name", ["help", "list", "progress", "grade"])
def test_a_narrow_or_unknown_terminal_of_another_encoding_keeps_its_lines_straight(
    course: Run, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], name: str
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    for terminal in (False, True):
        said = course(*COMMANDS[name], encoding="ascii", terminal=terminal)
        assert said.status == 0, said.err
        frames = [line for line in _ANSI.sub("", said.out).splitlines() if line.startswith("|")]
        assert len({len(line) for line in frames}) == (name != "grade"), frames


def test_a_class_has_the_same_tables_and_the_same_status_whatever_the_terminal(course: Run, clone: Path) -> None:
    files = {}
    for encoding in ("utf-8", "latin-1", "ascii"):
        said = course(*GRADE, "--out", encoding, encoding=encoding)
        assert said.status == 0, said.err
        assert "grades.csv" in said.out
        folder = clone / encoding
        files[encoding] = {name: (folder / name).read_bytes() for name in ("grades.csv", "states.csv", "alike.csv")}
    assert files["utf-8"] == files["latin-1"] == files["ascii"]
    assert "Müller Łukasz" in files["ascii"]["grades.csv"].decode("utf-8")


def test_signs_that_a_terminal_has_stay_and_the_others_have_their_like_in_ascii() -> None:
    text = "┌─ Müller · ✓ 3 × 2 → 6 … − w·x"
    assert readable(text, "latin-1") == "+- Müller · + 3 × 2 -> 6 ... - w·x"
    assert readable(text, "ascii") == "+- Muller - + 3 x 2 -> 6 ... - w*x"
    assert readable(text, "utf-8") == text
    assert readable("10² β Σ ½ “a” xᵢ Łódź 神 \udcfc", "ascii") == '10^2 beta Sigma 1/2 "a" xi Lodz \\u795e \\xfc'
    assert readable("cut… | cut…   …", "ascii") == "cut~ | cut~   ...", "in a table no wider than before"


def test_every_sign_that_the_course_writes_can_be_read_in_ascii() -> None:
    # Letters by which the encoding of a zip file's names is told are written nowhere.
    files = [path for path in (ROOT / "course").rglob("*.py") if path.name != "name_encodings.py"]
    used = {sign for path in files for sign in path.read_text(encoding="utf-8")}
    lost = [sign for sign in sorted(used) if not sign.isascii() and re.search(r"[?\\]", readable(sign, "ascii"))]
    assert lost == []


def test_what_a_check_and_a_claim_print_in_a_script_does_not_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream("latin-1", terminal=False)
    monkeypatch.setattr(sys, "stdout", stream)
    claim(True, "3 × 4 → 12")
    say("✗ no")
    assert stream.text() == "+ 3 × 4 -> 12\nx no\n"
    assert stream.errors == "strict", "the stream is the script's, and stays as it was"


def test_a_console_whose_reader_has_gone_lets_the_command_do_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        console = Console()
        for _ in range(3):
            console.print("line " * 10_000)
        say("line " * 10_000)
    assert console.quiet


REAL: dict[str, tuple[list[str], dict[str, str]]] = {
    "latin-1": (["list"], {"PYTHONIOENCODING": "latin-1"}),
    "the C locale": (["progress", "--json"], {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
}


@pytest.mark.parametrize("name", REAL)
def test_a_real_process_of_another_encoding_writes_into_a_pipe_that_is_closed(name: str, tmp_path: Path) -> None:
    course = Path(sys.executable).with_name("course")
    env = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PYTHON"))}
    words, locale = REAL[name]
    env |= {**locale, "COURSE_PROGRESS": str(tmp_path / "map.json")}
    with subprocess.Popen([course, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=ROOT) as ran:
        assert ran.stdout is not None and ran.stderr is not None
        assert ran.stdout.readline()
        ran.stdout.close()
        assert (ran.stderr.read(), ran.wait()) == (b"", 0)


@pytest.mark.parametrize("module", ["benchmarks.grading", "benchmarks.training"])
def test_a_benchmark_s_command_writes_in_another_encoding(module: str) -> None:
    env = os.environ | {"PYTHONIOENCODING": "ascii"}
    ran = subprocess.run([sys.executable, "-m", module, "--help"], cwd=ROOT, env=env, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"Usage" in ran.stdout and ran.stdout.isascii()
    source = (ROOT / module.replace(".", "/")).with_suffix(".py")
    source = source if source.is_file() else source.with_suffix("") / "__main__.py"
    assert "with terminal.program():" in source.read_text(encoding="utf-8")


def _calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))


def test_text_that_goes_between_processes_names_its_encoding() -> None:
    """Of files ruff holds it (PLW1514)."""
    bare = []
    for path in sorted([*(ROOT / "course").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]):
        for call in _calls(path):
            names = {word.arg for word in call.keywords}
            if (
                names & {"text", "universal_newlines"}
                and "encoding" not in names
                and names & {"stdout", "capture_output"}
            ):
                bare.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert bare == []


def test_progress_as_json_is_the_same_in_each_encoding(course: Run) -> None:
    told: list[Any] = [json.loads(course("progress", "--json", encoding=each).out) for each in ("utf-8", "ascii")]
    assert told[0] == told[1] and "größe.json" in told[0]["file"]
