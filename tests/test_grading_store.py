"""The results on disk: whatever happens to a run, nothing that was finished is lost or taken for another's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from course.curriculum import lesson_of
from course.grading.model import (
    GRADED,
    NOT_WRITTEN,
    PARTLY,
    RIGHT,
    STOPPED,
    WRONG,
    GradingError,
    QuestionResult,
    Result,
)
from course.grading.records import environment, results
from course.grading.records.results import BROKEN, RESULTS, RUN, Store, begin_run, end_run

pytestmark = pytest.mark.one_set

LESSON = lesson_of("the_neuron")


def result(learner: str, points: float = 1.0, seed: int = 7, key: str = "k") -> Result:
    question = QuestionResult("neuron", RIGHT, points, 2.0, text=("Zeile ü\u2028\ud800 ends.",))
    return Result(key, learner, LESSON, f"{learner}.ipynb", GRADED, seed, (question,), fingerprint=(2**63, 5))


def filled(folder: Path, *learners: str) -> Path:
    with Store(folder) as kept:
        for learner in learners:
            kept.add(result(learner))
    return folder / RESULTS


def learners(folder: Path) -> list[str]:
    with Store(folder) as kept:
        return [one.learner for one in kept.results()]


def test_what_was_added_comes_back_unchanged(tmp_path: Path) -> None:
    filled(tmp_path / "new" / "grades", "ada", "bob")
    with Store(tmp_path / "new" / "grades") as kept:
        assert kept.results() == [result("ada"), result("bob")]
        assert kept.get("ada", LESSON) == result("ada") and kept.get("ada", lesson_of("cnn_classification")) is None
        assert (kept.notes, kept.count) == ([], 2)


def test_each_result_is_on_the_disk_when_it_is_added(tmp_path: Path) -> None:
    with Store(tmp_path) as kept:
        for count in (1, 2, 3):
            kept.add(result(f"learner{count}"))
            text = (tmp_path / RESULTS).read_bytes()
            assert text.count(b"\n") == count and text.endswith(b"\n")


def test_the_latest_line_of_a_learner_and_lesson_counts(tmp_path: Path) -> None:
    with Store(tmp_path) as kept:
        for points in (0.0, 2.0, 1.5):
            kept.add(result("ada", points))
    with Store(tmp_path) as kept:
        assert [one.points for one in kept.results()] == [1.5]
        assert kept.newer("ada", LESSON, 2) and not kept.newer("ada", LESSON, 3) and not kept.newer("bob", LESSON, 0)
    assert (tmp_path / RESULTS).read_text().count("\n") == 3, "the file only grows"


def test_a_file_cut_at_any_byte_keeps_all_whole_lines_and_is_mended(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole", "ada", "bob").read_bytes()
    first = whole.index(b"\n") + 1
    for cut in {1, first - 1, first, first + 1, len(whole) // 2 + 9, len(whole) - 2, len(whole) - 1}:
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / RESULTS).write_bytes(whole[:cut])
        # The newline alone is missing: the result is whole, and stays.
        expected = ["ada"] * (cut >= first - 1) + ["bob"] * (cut >= len(whole) - 1)
        with Store(folder) as kept:
            assert [one.learner for one in kept.results()] == expected
            was_cut = cut not in (first - 1, first, len(whole) - 1)
            assert bool(kept.notes) == was_cut and (not was_cut or "graded again" in kept.notes[0])
            kept.add(result("eve"))
        assert learners(folder) == sorted([*expected, "eve"]), "what is added goes on a line of its own"
        assert not (folder / BROKEN).exists()


@pytest.mark.parametrize(
    "line",
    [
        b"{not json",
        b"\0\0\0\0",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"key": "k"}',
        b"[" * 100_000,
        b'{"key":1,"learner":"a","lesson":"b","shown":"","status":"graded","seed":1}',
        b'{"key":"k","learner":"a","lesson":"b","shown":"","status":"graded","seed":1,"questions":5}',
        b'{"key":"k","learner":"a","lesson":"b","shown":"","status":"graded","seed":1,"questions":[{"name":"n","state":"s","points":"9","possible":1}]}',
    ],
)
def test_a_broken_line_is_set_aside_and_the_others_stay(tmp_path: Path, line: bytes) -> None:
    path = filled(tmp_path, "ada", "bob")
    first, second = path.read_bytes().splitlines()
    path.write_bytes(first + b"\n" + line + b"\n" + second + b"\n")
    with Store(tmp_path) as kept:
        assert [one.learner for one in kept.results()] == ["ada", "bob"]
        assert len(kept.notes) == 1 and BROKEN in kept.notes[0]
    assert (tmp_path / BROKEN).read_bytes() == line + b"\n", "nothing is lost"
    assert path.read_bytes().splitlines() == [first, second], "byte for byte"
    with Store(tmp_path) as kept:
        assert kept.notes == []


def test_fields_of_a_later_version_are_read_over_and_kept_in_the_file(tmp_path: Path) -> None:
    path = filled(tmp_path, "ada")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"later": {"x": 1}}) + "\n{broken\n")
    with Store(tmp_path) as kept:
        assert kept.results() == [result("ada")]
    assert '"later"' in path.read_text()


def test_states_of_an_earlier_version_are_read_as_today_s(tmp_path: Path) -> None:
    path = filled(tmp_path, "ada")
    line = json.loads(path.read_text())
    older = {
        "right": RIGHT,
        "partly right": PARTLY,
        "not right": WRONG,
        "not written yet": NOT_WRITTEN,
        "stopped": STOPPED,
    }
    line["questions"] = [line["questions"][0] | {"state": state} for state in older]
    del line["told"], line["aside"], line["own_digest"], line["questions"][0]["failed"]
    path.write_text(json.dumps(line) + "\n")
    with Store(tmp_path) as kept:
        (one,) = kept.results()
    assert [question.state for question in one.questions] == list(older.values())
    assert (one.told, one.aside, one.own_digest, one.questions[0].failed) == ("", (), "", ())


def test_a_second_run_in_the_same_folder_is_refused_until_the_first_ends(tmp_path: Path) -> None:
    held = f"""
import sys
from pathlib import Path
from course.grading.records.results import Store
with Store(Path({str(tmp_path)!r})):
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        try:
            with pytest.raises(
                GradingError, match=rf"Another `course grade` \(process {other.pid}\).*another folder with --out"
            ):
                Store(tmp_path).__enter__()
        finally:
            other.kill()  # not even an end by force leaves the folder locked
    assert learners(tmp_path) == []


def test_a_full_disk_leaves_whole_lines_and_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path, "ada")
    before = path.read_bytes()
    real = results.os.write

    def half(handle: int, data: bytes) -> int:
        if len(data) < 30:
            raise OSError(28, "No space left on device")
        return real(handle, data[: len(data) // 2])

    with Store(tmp_path) as kept:
        monkeypatch.setattr(results.os, "write", half)
        with pytest.raises(GradingError, match=r"the disk is full\. Make room there\. .*the same command continues"):
            kept.add(result("bob"))
        monkeypatch.undo()
        assert path.read_bytes() == before and kept.get("bob", LESSON) is None


def test_a_folder_that_can_t_be_used_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GradingError, match=r"can't be written: a file has the name of a folder"):
        Store(tmp_path / "file" / "grades").__enter__()


def test_the_seed_is_drawn_once_recorded_and_taken_up_again(tmp_path: Path) -> None:
    with Store(tmp_path / "a") as kept:
        drawn = begin_run(kept, None, False, {"jobs": 2})
        assert drawn.seed >= 0 and drawn.said == () and drawn.regrade_after == 0
    recorded = json.loads((tmp_path / "a" / RUN).read_text())
    assert (recorded["seed"], recorded["options"]) == (drawn.seed, {"jobs": 2})
    assert recorded["versions"] == environment.versions() and recorded["started_at"].endswith("+00:00")
    with Store(tmp_path / "a") as kept:
        assert begin_run(kept, None, False, {}).seed == drawn.seed
        assert begin_run(kept, drawn.seed, False, {}).said == ()
        other = begin_run(kept, drawn.seed + 1, False, {})
        assert (
            other.seed == drawn.seed + 1 and f"The seed was {drawn.seed} and is now {drawn.seed + 1}" in other.said[0]
        )
        end_run(kept)
        assert begin_run(kept, None, False, {}).seed == drawn.seed + 1
    with Store(tmp_path / "b") as kept:
        assert begin_run(kept, None, False, {}).seed != drawn.seed, "each class gets its own"


@pytest.mark.parametrize("text", ["{cut", "[]", '{"seed": "x"}', '{"seed": true}', '{"seed": -1}', None])
def test_without_a_sound_run_json_the_results_tell_the_seed(tmp_path: Path, text: str | None) -> None:
    filled(tmp_path, "ada")
    if text is not None:
        (tmp_path / RUN).write_text(text)
    with Store(tmp_path) as kept:
        assert begin_run(kept, None, False, {}).seed == 7


def test_an_interrupted_regrade_goes_on_and_a_finished_one_begins_anew(tmp_path: Path) -> None:
    filled(tmp_path, "ada", "bob")
    with Store(tmp_path) as kept:
        assert begin_run(kept, None, True, {}).regrade_after == 2
        kept.add(result("ada"))
        resumed = begin_run(kept, None, True, {})  # as after an interruption
        assert resumed.regrade_after == 2 and "continues where it stopped" in resumed.said[0]
        assert kept.newer("ada", LESSON, 2) and not kept.newer("bob", LESSON, 2)
        end_run(kept)
        assert begin_run(kept, None, True, {}).regrade_after == 3
        assert begin_run(kept, None, False, {}).regrade_after == 0


def test_the_environment_s_digest_follows_what_decides_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "course"
    for name in ("checks/judge.py", "grading/report/feedback.py", "grading/records/environment.py", "data.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("1")
    monkeypatch.setattr(environment, "__file__", str(package / "grading" / "records" / "environment.py"))

    def digest() -> str:
        environment.source_digest.cache_clear()
        return environment.environment_digest()

    try:
        first = digest()
        (package / "grading/report/feedback.py").write_text("2")
        assert digest() == first, "a report only shows"
        for name in ("checks/judge.py", "data.py"):
            before = digest()
            (package / name).write_text("2")
            assert digest() != before, name
    finally:
        environment.source_digest.cache_clear()


def test_the_environment_is_told_without_importing_it() -> None:
    code = "import sys; from course.grading.records.environment import describe; print(describe()['jax']); print('jax' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert said == [environment.versions()["jax"], "False"] and said[0] != "absent"


def test_two_machines_differences_are_named() -> None:
    here = environment.describe()
    assert environment.differences(here) == ""
    assert environment.differences(here | {"jax": "0.1"}) == f"jax 0.1 instead of {here['jax']}"
    assert environment.differences({**here, "source": "?"}) == "other files of the course"
