"""The command `course grade`: what an instructor types, what comes back, and how it ends."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fake_grader import Fake
from hang import HANG_S, wait_until
from making import code, grading, make_course, notebook, save, solution
from running import Run, typed

from course.checks import exercises
from course.cli import grade
from course.curriculum import lesson_of, number_of
from course.grading import options, session
from course.grading.sandbox import bubblewrap, protections

pytestmark = [pytest.mark.one_set, pytest.mark.usefixtures("heard_signals")]

NEURON, CNN = lesson_of("the_neuron"), lesson_of("cnn_classification")
REPORTS = ("grades.csv", "overview.html", "feedback/ada.html", "results.jsonl", "run.json")


def answer(text: str = "") -> dict[str, object]:
    """A learner's notebook for lesson 02; the fake grader obeys the text."""
    return notebook(code(f"def neuron(x, w, b):\n    return 1  # {text}", metadata=grading("neuron")))


def hand_in(folder: Path, **texts: str) -> Path:
    for learner, text in texts.items():
        save(folder / learner / f"{NEURON}.ipynb", answer(text))
    return folder


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Fake]:
    """The command grades with fake graders; these are they."""
    found: list[Fake] = []

    class Counted(Fake):
        made = found

    monkeypatch.setattr(session, "Worker", Counted)
    monkeypatch.setattr(bubblewrap, "available", lambda: "")
    return found


@pytest.fixture
def course(
    tmp_path: Path, made: list[Fake], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs `course` in a small clone with these words: (exit code, stdout, stderr)."""
    (tmp_path / "clone").mkdir()
    monkeypatch.chdir(make_course(tmp_path / "clone"))
    save(Path("solutions") / f"{NEURON}.ipynb", solution(*exercises(NEURON)))
    monkeypatch.setenv("COLUMNS", "100")
    program = typed(monkeypatch, capsys)

    def run(*words: str) -> tuple[int, str, str]:
        made.clear()
        return program(*words)

    return run


def graded(made: list[Fake]) -> list[str]:
    return sorted(learner for grader in made for learner in grader.graded)


def content(folder: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_a_class_is_graded_by_one_command_and_the_second_time_nothing_is_left(course: Run, made: list[Fake]) -> None:
    where = hand_in(Path("submitted"), ada="1", bob="2", carl="3")
    (where / "dan").mkdir()
    (where / "dan" / f"{NEURON}.ipynb").write_text("")
    before = content(where)
    status, out, err = course(
        "grade", "submitted", "--lesson", "the_neuron", "--out", "grades", "-j", "2", "--seed", "5"
    )
    assert status == 0, err
    assert "3 to grade, 1 not gradable; seed 5." in out and "3 of 3 graded" in err
    assert graded(made) == ["ada", "bob", "carl"]
    for name in REPORTS:
        assert (Path("grades") / name).is_file(), name
    assert "grades.csv" in out, "the files are named"
    assert content(where) == before, "nothing changes in the submissions' folder"
    assert not (Path("grades") / session.UNPACKED).exists()
    recorded = json.loads(Path("grades/run.json").read_text(encoding="utf-8"))
    assert recorded["seed"] == 5 and recorded["options"]["limits"]["cell_s"] == 120 and "ended_at" in recorded
    status, out, err = course("grade", "submitted", "--lesson", "the_neuron", "--out", "grades")
    assert (status, graded(made)) == (0, []) and "0 to grade, 3 graded before, 1 not gradable; seed 5." in out


def test_the_options_reach_the_grader(course: Run, made: list[Fake]) -> None:
    hand_in(Path("submitted"), ada="1")
    limits = ["--cell-seconds", "10", "--notebook-seconds", "20", "--memory", "3000", "--processes", "4"]
    limits += ["--files", "50", "--disk", "6", "--output", "7"]
    status, _, err = course("grade", "submitted", "--cold", "--no-sandbox", "--seed", "3", *limits)
    assert status == 0, err
    settings = made[0].settings
    assert (settings.seed, settings.sandbox, settings.warm) == (3, False, False)
    one = settings.limits
    assert (one.cell_s, one.notebook_s, one.memory_mb, one.processes) == (10, 20, 3000, 4)
    assert (one.files, one.disk_mb, one.output_kb) == (50, 6, 7)
    assert Path("grades/grades.csv").is_file(), "the default of --out"


def test_only_regrade_and_another_seed_grade_what_they_name(course: Run, made: list[Fake]) -> None:
    hand_in(Path("submitted"), ada="1", alan="2", bob="3")
    grade = ("grade", "submitted", "--lesson", NEURON)
    status, out, _ = course(*grade, "--only", "bob", "--seed", "5")
    assert (status, graded(made)) == (0, ["bob"]) and "Not graded, because of --only: ada, alan." in out
    course(*grade)
    assert graded(made) == ["ada", "alan"]
    course(*grade, "--only", "a*", "--regrade")
    assert graded(made) == ["ada", "alan"]
    before = content(Path("grades"))
    status, _, err = course(*grade, "--seed", "6", "--only", "ada")
    assert (status, graded(made), content(Path("grades"))) == (1, [], before), (
        "nobody is graded with a seed of their own"
    )
    assert "was graded with seed 5, and --only would grade only part of it with 6." in err and "another folder" in err
    assert course(*grade, "--seed", "6", "--only", "ada", "--out", "other")[0] == 0 and graded(made) == ["ada"]
    status, out, _ = course(*grade, "--seed", "6")
    assert graded(made) == ["ada", "alan", "bob"] and "The seed was 5 and is now 6" in out
    course(*grade)
    assert graded(made) == [], "the new seed is the recorded one now"
    status, _, err = course(*grade, "--only", "alam")
    assert status == 1 and err == "No learner is called alam. Did you mean alan?\n"


def test_only_takes_any_part_of_a_key_or_a_name_and_a_whole_one_alone(course: Run, made: list[Fake]) -> None:
    hand_in(Path("submitted"), **{"wirthada": "1", "Ann": "2", "hanna": "3", "Bob O'Neil": "4"})
    grade = ("grade", "submitted", "--lesson", str(int(number_of(NEURON))), "--regrade", "--only")
    for words, learners in (
        ("ada*", ["wirthada"]),
        ("ADA", ["wirthada"]),
        ("ann", ["Ann"]),
        ("an", ["Ann", "hanna"]),
        ("o'neil", ["Bob_O_Neil"]),
        ("bob_o_neil", ["Bob_O_Neil"]),
    ):
        assert course(*grade, words)[0] == 0 and graded(made) == learners, words


def test_a_wrong_lesson_is_refused_and_leaves_no_trace(course: Run, made: list[Fake]) -> None:
    hand_in(Path("submitted"), ada="1", bob="2")
    save(Path("solutions") / f"{CNN}.ipynb", solution(*exercises(CNN)))
    refusal = (
        f"None of the 2 learners handed in a notebook of {CNN}. They handed in 2 notebooks: 2 of {NEURON}. "
        f"Did you mean --lesson {number_of(NEURON)}?\n"
    )
    assert course("grade", "submitted", "--lesson", str(int(number_of(CNN)))) == (1, "", refusal)
    assert not made and not Path("grades").exists()
    course("grade", "submitted", "--lesson", "the_neuron")
    before = content(Path("grades"))
    assert course("grade", "submitted", "--lesson", str(int(number_of(CNN)))) == (1, "", refusal)
    assert content(Path("grades")) == before


def test_who_handed_in_no_notebook_has_one_row_with_lesson_and_without(course: Run) -> None:
    where = hand_in(Path("submitted"), ada="1")
    (where / "bob").mkdir()
    (where / "bob" / "hw.docx").write_text("x")
    save(Path("solutions") / f"{CNN}.ipynb", solution(*exercises(CNN)))
    for words in ((), ("--lesson", "the_neuron"), ()):
        status, out, err = course("grade", "submitted", *words)
        assert status == 0 and "2 submissions" in out and "not among these" not in out, (out, err)
        text = Path("grades/grades.csv").read_text(encoding="utf-8-sig")
        assert [line.split(",")[0] for line in text.splitlines()[1:]] == ["ada", "bob"]
    # A second lesson in the class: of bob none can be told any more.
    cnn = notebook(code("def conv2d(x): ...\ndef max_pool(x): ..."))
    save(where / "eve" / f"{CNN}.ipynb", cnn)
    _, out, _ = course("grade", "submitted")
    assert "3 submissions" in out and "not among these" not in out


def test_an_out_that_is_a_file_is_called_one(course: Run) -> None:
    hand_in(Path("submitted"), ada="1")
    Path("class.zip").write_bytes(b"")
    for words in (("submitted", "--out", "class.zip"), ("class.zip", "--out", "class.zip")):
        assert course("grade", *words) == (1, "", "--out names a file, class.zip. Name a folder.\n")


def test_who_grades_as_root_is_reminded(course: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(Path("submitted"), ada="1")
    for user, reminded in ((0, True), (1000, False)):
        monkeypatch.setattr(options.os, "geteuid", lambda user=user: user)
        assert ("You are grading as root. Grade as an ordinary user" in course("grade", "submitted")[1]) == reminded


@pytest.mark.parametrize("where", ["take_in", "run"])
def test_ctrl_c_is_answered_with_a_sentence_before_the_run_and_the_second_time(
    course: Run, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    hand_in(Path("submitted"), ada="1")
    monkeypatch.setattr(session, where, interrupted)
    status, _, err = course("grade", "submitted", "--lesson", "the_neuron")
    assert status == 130 and "Traceback" not in err
    kept = "Interrupted. Every grade so far is kept; grades.csv is written when a run ends."
    assert err.endswith(f"{kept} To continue: course grade submitted --lesson the_neuron\n")


def test_ctrl_c_while_libraries_are_imported_waits_for_their_end() -> None:
    reached = False
    with pytest.raises(KeyboardInterrupt), grade._held_back():
        signal.raise_signal(signal.SIGINT)
        reached = True
    assert reached and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with grade._held_back():
        pass


def test_a_late_hand_in_joins_the_grade_book_and_who_is_not_there_any_more_is_named(
    course: Run, made: list[Fake]
) -> None:
    course("grade", str(hand_in(Path("first"), ada="1", bob="2")), "--lesson", "the_neuron")
    status, out, _ = course("grade", str(hand_in(Path("late"), bob="3", eve="4")), "--lesson", "the_neuron")
    assert (status, graded(made)) == (0, ["bob", "eve"])
    assert "also has 1 result of learners who are not among these submissions: ada." in out
    text = Path("grades/grades.csv").read_text(encoding="utf-8-sig")
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == ["ada", "bob", "eve"]


def test_a_grader_that_breaks_is_the_exit_code_s_affair_a_bad_file_is_not(course: Run) -> None:
    hand_in(Path("submitted"), ada="1", bob="break")
    status, _, err = course("grade", "submitted", "--lesson", "the_neuron")
    assert status == 1 and "bob" in err and "Two errors of the grader" in err and "1 failed" in err
    assert Path("grades/grades.csv").is_file(), "the others have their grades"
    hand_in(Path("submitted"), bob="2")
    assert course("grade", "submitted", "--lesson", "the_neuron")[0] == 0


def test_without_bubblewrap_nothing_is_run_and_the_way_out_is_said(
    course: Run, made: list[Fake], monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(Path("submitted"), ada="1")
    monkeypatch.setattr(bubblewrap, "available", lambda: "The program bubblewrap (bwrap) is not installed.")
    status, _, err = course("grade", "submitted", "--lesson", "the_neuron")
    sentence, *table = err.splitlines()
    assert status == 1 and sentence.startswith("The program bubblewrap (bwrap) is not installed.")
    assert protections.way_on() in sentence and sentence.endswith("If you trust all of them, use --no-sandbox.")
    assert any(row.startswith("network") and "✗" in row for row in table), "what would hold is said before"
    assert not made and not Path("grades").exists()
    status, _, err = course("grade", "submitted", "--lesson", "the_neuron", "--no-sandbox", "--memory", "1234")
    assert status == 0 and "NO SANDBOX" in err and "delete your files" in err and graded(made) == ["ada"]
    assert re.search(r"^network +none +✗ open", err, re.M) and re.search(r"^memory +1234 MB.*✓ the same", err, re.M)


WAYS = {
    "apt-get": "`sudo apt install bubblewrap`",
    "dnf": "`sudo dnf install bubblewrap`",
    "zypper": "`sudo zypper install bubblewrap`",
    "pacman": "`sudo pacman -S bubblewrap`",
    "apk": "`sudo apk add bubblewrap`",
    "nix-env": "`nix-env -iA nixpkgs.bubblewrap`",
    "": "the package bubblewrap of your distribution",
}


@pytest.mark.parametrize("manager", WAYS)
def test_where_bubblewrap_is_missing_the_way_on_is_that_of_the_platform(
    monkeypatch: pytest.MonkeyPatch, manager: str
) -> None:
    monkeypatch.setattr(protections.sys, "platform", "linux")
    monkeypatch.setattr(protections.shutil, "which", lambda name: f"/usr/bin/{name}" if name == manager else None)
    monkeypatch.setattr(protections.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(protections, "in_container", lambda: False)
    assert WAYS[manager] in protections.way_on()
    monkeypatch.setattr(protections, "in_container", lambda: True)
    assert ("add it to the image" in protections.way_on()) == WAYS[manager].startswith("`sudo")
    monkeypatch.setattr(protections.os, "geteuid", lambda: 0)
    assert "sudo" not in protections.way_on()


@pytest.mark.parametrize(
    ("platform", "words"), [("win32", "wsl --install"), ("darwin", "brew install lima")], ids=["Windows", "macOS"]
)
def test_where_bubblewrap_can_not_be_had_the_way_on_is_a_linux_inside(
    monkeypatch: pytest.MonkeyPatch, platform: str, words: str
) -> None:
    monkeypatch.setattr(protections.sys, "platform", platform)
    assert words in protections.way_on() and "apt install bubblewrap" in protections.way_on()


@pytest.mark.parametrize(
    ("told", "container", "words"),
    [
        ({}, False, "most Linux machines"),
        ({}, True, "only the operator can allow this"),
        ({"user/max_user_namespaces": "0"}, False, "sysctl user.max_user_namespaces"),
        ({"kernel/unprivileged_userns_clone": "0"}, True, "--security-opt seccomp=unconfined"),
        ({"kernel/apparmor_restrict_unprivileged_userns": "1"}, False, "an AppArmor profile for bwrap"),
    ],
)
def test_where_namespaces_are_forbidden_it_is_said_by_what(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, str], container: bool, words: str
) -> None:
    monkeypatch.setattr(protections.sys, "platform", "linux")
    monkeypatch.setattr(protections.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(protections, "in_container", lambda: container)
    monkeypatch.setattr(protections, "_says", lambda path: told.get(path.removeprefix("/proc/sys/"), ""))
    assert words in protections.way_on()


@pytest.mark.parametrize("out", ["submitted", "submitted/grades", "submitted/../submitted/ada/x", "link/grades"])
def test_an_out_folder_among_the_submissions_is_refused(course: Run, out: str) -> None:
    where = hand_in(Path("submitted"), ada="1")
    Path("link").symlink_to("submitted")
    before = content(where)
    status, _, err = course("grade", "submitted", "--lesson", "the_neuron", "--out", out)
    assert status == 1 and "where nothing may change. Name another folder with --out." in err
    assert content(where) == before and not list(where.rglob("grades"))


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("nowhere",), 1, "nowhere"),
        (("empty",), 1, "no submissions"),
        (("submitted", "--lesson", "the_neuron", "--lesson", "77"), 1, "There is no lesson '77'."),
        (
            ("submitted", "--lesson", "88"),
            1,
            f"88_plain has no exercises to grade. These have some: {NEURON}.",
        ),
        (("submitted", "--course", "/"), 1, "is not inside a clone of the course"),
        (("submitted", "--course", "/"), 1, "You can also name a clone with --course FOLDER."),
        (("submitted", "-j", "0"), 2, "-j"),
        (("submitted", "--seed", "-1"), 2, "--seed"),
        ((), 2, "SUBMISSIONS"),
    ],
)
def test_what_can_t_be_done_is_said_on_stderr(course: Run, words: tuple[str, ...], status: int, said: str) -> None:
    hand_in(Path("submitted"), ada="1")
    Path("empty").mkdir()
    save(Path("notebooks") / "88_plain.ipynb", notebook())
    code, _, err = course("grade", *words)
    assert code == status and said in err and "Traceback" not in err
    assert not Path("grades").exists()


@pytest.mark.parametrize("lost", ["neuron", "check-neuron", "both", "all", "renamed"])
def test_a_solution_without_a_question_s_cell_is_refused_with_the_question_s_name(course: Run, lost: str) -> None:
    hand_in(Path("submitted"), ada="1")
    path = Path("solutions") / f"{NEURON}.ipynb"
    book = json.loads(path.read_text(encoding="utf-8"))
    gone = {"both": ("neuron", "check-neuron")}.get(lost, (lost,))
    for cell in book["cells"]:
        if lost == "renamed":
            name = cell["metadata"]["nbgrader"]["grade_id"]
            cell["metadata"]["nbgrader"]["grade_id"] = name.replace("neuron", "neuron_2")
    if lost != "renamed":
        left = [c for c in book["cells"] if lost != "all" and c["metadata"]["nbgrader"]["grade_id"] not in gone]
        book["cells"] = left
    path.write_text(json.dumps(book), encoding="utf-8")
    status, _, err = course("grade", "submitted", "--lesson", "the_neuron")
    assert status == 1 and err.startswith(f"solutions/{NEURON}.ipynb has no ") and "`neuron`" in err
    assert f"git restore solutions/{NEURON}.ipynb" in err and "KeyError" not in err and not Path("grades").exists()


def test_dask_without_its_package_says_what_to_install(course: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(Path("submitted"), ada="1")
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "course.grading.workers.cluster", raising=False)
    status, _, err = course("grade", "submitted", "--lesson", "the_neuron", "--dask", "tcp://127.0.0.1:1")
    assert (status, err) == (1, '--dask needs the package distributed. Install it: pip install -e ".[cluster]".\n')


def test_dask_grades_the_class_with_the_same_command(course: Run) -> None:
    distributed = pytest.importorskip("distributed", reason="the package distributed is not installed")
    hand_in(Path("submitted"), ada="1", bob="2")
    options = {
        "n_workers": 1,
        "threads_per_worker": 1,
        "processes": False,
        "dashboard_address": "127.0.0.1:0",
        "protocol": "tcp://",
    }
    with distributed.LocalCluster(host="127.0.0.1", silence_logs=50, **options) as cluster:
        address = cluster.scheduler_address
        status, out, err = course("grade", "submitted", "--lesson", "the_neuron", "--no-sandbox", "--dask", address)
    assert status == 0, err
    assert "The Dask cluster has 1 worker with 1 thread." in out and "2 of 2 graded" in err


def test_the_help_has_examples_and_every_limit_s_default(course: Run) -> None:
    status, out, _ = course("grade", "--help")
    assert status == 0 and "course grade canvas.zip --lesson " in out
    for option in ("--cell-seconds", "--memory", "--only", "--regrade", "--no-sandbox", "--dask", "--jobs"):
        assert option in out
    assert "default: 120" in out and "continues where it stopped" in out


# The first six are graded at once, and the others wait until the run ends, or until the file `go` is there.
SLOW = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from fake_grader import Fake
from hang import wait_until
from course import cli
from course.grading import session

class Slow(Fake):
    def grade(self, job):
        with open({log!r}, "a") as log:
            log.write(job.submission.learner + "\\n")
        if not Path({go!r}).exists() and Path({log!r}).read_text().count("\\n") > 6:
            wait_until(lambda: self.ended, "the grader to be closed")
            raise ConnectionError("the process ended")
        return super().grade(job)

session.Worker = Slow
sys.argv = ["course", "grade", "submitted", "--lesson", "the_neuron", "--no-sandbox", "-j", "2"]
cli.main()
"""


def test_ctrl_c_keeps_what_is_done_and_the_same_command_grades_only_the_rest(course: Run, tmp_path: Path) -> None:
    learners = {f"learner{number:02}": str(number) for number in range(16)}
    hand_in(Path("submitted"), **learners)
    log, go, results = tmp_path / "log", tmp_path / "go", Path("grades/results.jsonl")
    command = [sys.executable, "-c", SLOW.format(tests=str(Path(__file__).parent), log=str(log), go=str(go))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as first:
        wait_until(
            lambda: (results.exists() and results.read_bytes().count(b"\n") >= 4) or first.poll() is not None,
            "four results",
        )
        first.send_signal(signal.SIGINT)
        _, err = first.communicate(timeout=HANG_S)
    assert first.returncode == 130, err
    assert (
        "Interrupted. Every grade so far is kept; grades.csv is written when a run ends. To continue: course grade submitted --lesson the_neuron --no-sandbox -j 2"
        in err
    )
    assert not Path("grades/grades.csv").exists(), "no grade book of half a class"
    assert not (Path("grades") / session.UNPACKED).exists()
    done = {json.loads(line)["learner"] for line in results.read_text(encoding="utf-8").splitlines()}
    seed = json.loads(Path("grades/run.json").read_text(encoding="utf-8"))["seed"]
    assert 4 <= len(done) < len(learners)
    log.unlink()
    go.touch()
    second = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert second.returncode == 0, second.stderr
    assert sorted(log.read_text().split()) == sorted(set(learners) - done), "only the rest, each once"
    assert f"{len(learners) - len(done)} to grade, {len(done)} graded before; seed {seed}." in second.stdout
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    assert sorted(line["learner"] for line in lines) == sorted(learners) and {line["seed"] for line in lines} == {seed}
