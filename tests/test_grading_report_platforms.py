"""The platforms' forms: what their importers look for, and whom they leave out."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest
from fake_class import NEURON, failed, not_gradable, question, result

from course.grading.model import MISSING, PARTLY, STOPPED
from course.grading.report import write_platforms

pytestmark = pytest.mark.one_set


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_canvas_gets_its_five_columns_its_second_row_and_the_ids_that_are_known(tmp_path: Path) -> None:
    results = [
        result("ada", "02_x", question("one", PARTLY, 4), identity={"name": "Ada L.", "canvas_user": "17"}),
        result("bo", "02_x", question("one"), identity={"name": "Bo"}),
        result("cy", "02_x", question("one"), identity={"canvas_user": "17; DROP"}),
        failed("di", "02_x", identity={"canvas_user": "18"}),
        not_gradable("eo", "Empty.", "02_x", identity={"canvas_user": "19"}),
    ]
    said = write_platforms(results, tmp_path)
    assert (tmp_path / "canvas/02_x.csv").read_text(encoding="utf-8") == (
        "Student,ID,SIS User ID,SIS Login ID,Section,02_x\n    Points Possible,,,,,4\nAda L.,17,,,,2.5\n"
    )
    # No import writes a zero for what could not be graded.
    assert (
        "Canvas, 02_x: di, eo could not be graded and were left out; their grades there stay as they are." in said.notes
    )
    assert "Canvas, 02_x: bo, cy left out, because their ids there are not known." in said.notes
    assert not (tmp_path / "moodle").exists()


@pytest.mark.parametrize("name", ["Points Possible", "Points\tPossible", "Points Points PossiblePossible"])
def test_a_learner_called_points_possible_does_not_set_the_points(tmp_path: Path, name: str) -> None:
    write_platforms([result("x", "02_x", question("one"), identity={"name": name, "canvas_user": "1"})], tmp_path)
    assert (tmp_path / "canvas/02_x.csv").read_text(encoding="utf-8").count("Points Possible") == 1


def test_moodle_gets_its_worksheet_and_a_zip_of_feedback_by_participant(tmp_path: Path) -> None:
    ada = result(
        "ada", "02_x", question("one", PARTLY, 4), identity={"name": "Ada_of/L.", "moodle_participant": "1234567"}
    )
    said = write_platforms([ada], tmp_path)
    assert (tmp_path / "moodle/02_x.csv").read_text(encoding="utf-8") == (
        "Identifier,Full name,Status,Grade,Maximum grade,Grade can be changed,Last modified (submission),Last modified (grade),Feedback comments\n"
        'Participant 1234567,Ada_of/L.,Submitted for grading,2.5,4,Yes,-,-,"◐ one: partly, 2.5 of 4 points."\n'
    )
    with zipfile.ZipFile(tmp_path / "moodle/02_x_feedback.zip") as archive:
        (name,) = archive.namelist()
        assert "Feedback for" in archive.read(name).decode("utf-8")
    # Moodle splits at the underscores: name, participant, the plug-in's type and name, the rest.
    assert name.split("/")[0].split("_", 4) == ["Ada ofL", "1234567", "assignfeedback", "file", ""]
    assert any("maximum" in note for note in said.notes)


def test_moodle_s_comments_are_escaped_as_they_are_html(tmp_path: Path) -> None:
    identity = {"moodle_participant": "1"}
    odd = question("<img src=x onerror=alert(1)>")
    write_platforms([result("ada", NEURON, odd, identity=identity)], tmp_path)
    assert "&lt;img" in table(tmp_path / "moodle" / f"{NEURON}.csv")[0]["Feedback comments"]
    assert "<img" not in (tmp_path / "moodle" / f"{NEURON}.csv").read_text(encoding="utf-8")


def test_gradescope_gets_a_results_json_with_partial_credit_for_each_submission(tmp_path: Path) -> None:
    own = (question("softmax", PARTLY, 3), question("relu", STOPPED, 1))
    write_platforms([result("ada", NEURON, *own, notes=("A cell was moved.",)), failed("bo")], tmp_path)
    assert [path.name for path in (tmp_path / "gradescope" / NEURON).iterdir()] == ["ada.json"]
    data = json.loads((tmp_path / "gradescope" / NEURON / "ada.json").read_text(encoding="utf-8"))
    softmax, relu = data.pop("tests")
    assert data == {
        "score": 1.88,
        "execution_time": 12.5,
        "output": "A cell was moved.\nrelu: It ran longer than 300 seconds, so it was stopped.",
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
    }
    assert {key: softmax[key] for key in ("name", "score", "max_score", "status", "output_format", "visibility")} == {
        "name": "softmax",
        "score": 1.88,
        "max_score": 3,
        "status": "failed",
        "output_format": "text",
        "visibility": "visible",
    }
    # Nothing is said twice.
    assert softmax["output"].split("\n")[0] == "partly, 5 of 8 inputs right"
    assert softmax["output"].split("\n")[1].startswith("Large inputs overflow")
    assert softmax["output"].split("\n")[2:] == ["Not right on: large numbers; a batch of one."]
    assert relu["output"] == "stopped, 0 of 8 inputs right\nIt ran longer than 300 seconds, so it was stopped."


def test_platforms_give_a_learner_the_learner_s_words(tmp_path: Path) -> None:
    one = not_gradable("ada", "ada handed in x.docx: ask for it.", told="You handed in x.docx.", aside=("twice",))
    write_platforms([one], tmp_path)
    data = json.loads((tmp_path / "gradescope" / NEURON / "ada.json").read_text(encoding="utf-8"))
    assert (data["score"], data["output"], data["tests"]) == (0, "You handed in x.docx.", [])


def test_what_is_right_is_said_once_on_gradescope(tmp_path: Path) -> None:
    write_platforms([result("ada", NEURON, question("neuron"), question("relu", MISSING))], tmp_path)
    data = json.loads((tmp_path / "gradescope" / NEURON / "ada.json").read_text(encoding="utf-8"))
    assert [test["output"] for test in data["tests"]] == ["right, 8 of 8 inputs right", "missing"]


def test_no_platform_s_file_is_written_where_nobody_s_id_is_known(tmp_path: Path) -> None:
    said = write_platforms([result("ada")], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gradescope"]
    assert len(said.notes) == 1 and said.notes[0].startswith("No file for Canvas or Moodle")
