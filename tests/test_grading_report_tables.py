"""The grade book and the platforms' forms: the columns that they promise, and nothing that acts in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from fake_class import CNN, NEURON, POINTS, failed, make_class, not_gradable, pair, question, result
from hang import assert_linear, calls_of

from course.grading.model import MISSING, NOT_WRITTEN, PARTLY, STOPPED, WRONG, GradingError, Result
from course.grading.report import write_alike, write_feedback, write_gradebook, write_overview, write_platforms
from course.grading.report.phrases import number
from course.grading.safe_text import cell, visible

pytestmark = pytest.mark.one_set

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", '=HYPERLINK("http://x","y")', "\ufeff=1"[1:])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_grade_book_has_one_row_a_learner_with_these_columns_and_points(tmp_path: Path) -> None:
    ada = result(
        "ada",
        "02_x",
        question("one", PARTLY, 3),
        question("two", NOT_WRITTEN, 1),
        notes=("late", "A cell was moved."),
        identity={"name": "Ada L."},
    )
    write_gradebook([ada, result("Bo", "02_x", question("one", possible=3), question("two", possible=1))], tmp_path)
    assert (tmp_path / "grades.csv").read_text(encoding="utf-8") == (
        "\ufefflearner,name,lesson,points,possible,percent,status,problem,one,two,late,notes\n"
        "ada,Ada L.,02_x,1.88,4,47.0,graded,,1.88,0,yes,A cell was moved.\n"
        "Bo,,02_x,4,4,100.0,graded,,3,1,,\n"
    )
    assert not (tmp_path / "totals.csv").exists()


def test_a_table_says_by_a_word_why_points_are_what_they_are(tmp_path: Path) -> None:
    own = [question("one", PARTLY), question("two", NOT_WRITTEN), question("three", MISSING), question("four", WRONG)]
    write_gradebook([result("ada", "02_x", *own), not_gradable("bo", "Empty.", "02_x"), failed("cy", "02_x")], tmp_path)
    assert (tmp_path / "states.csv").read_text(encoding="utf-8") == (
        "\ufefflearner,name,lesson,status,one,two,three,four\n"
        "ada,,02_x,graded,partly,not written,missing,wrong\n"
        "bo,,02_x,not gradable,,,,\n"
        "cy,,02_x,failed,,,,\n"
    )


def test_the_points_of_a_row_add_up_to_its_sum(tmp_path: Path) -> None:
    results = make_class(60)
    write_gradebook(results, tmp_path)
    rows = table(tmp_path / "grades.csv")
    assert any("." in row["points"] for row in rows)
    assert all(
        Decimal(row["points"]) == sum(Decimal(row[name]) for name in POINTS[NEURON])
        for row in rows
        if row["status"] == "graded"
    )


def test_totals_of_an_earlier_run_do_not_stay(tmp_path: Path) -> None:
    write_gradebook([result("ada"), result("ada", CNN)], tmp_path)
    assert (tmp_path / "totals.csv").exists()
    write_gradebook([result("ada")], tmp_path)
    assert not (tmp_path / "totals.csv").exists()


def test_who_is_alike_is_in_a_table_and_a_run_without_any_empties_it(tmp_path: Path) -> None:
    results = [result("ada", identity={"name": "Ada L."}), result("bo", notes=("late",)), result("bo", CNN)]
    same = tuple(POINTS[NEURON])
    write_alike(results, [pair("ada", "bo", same=same), pair("bo", "cy", 1.0, exact=True)], tmp_path)
    copied, other = table(tmp_path / "alike.csv")
    assert (copied["learner"], copied["other"], copied["exact_copy"], copied["late"]) == ("bo", "cy", "yes", "bo")
    assert other == {
        "lesson": NEURON, "learner": "ada", "name": "Ada L.", "other": "bo", "other_name": "", "alike_percent": "93",
        "pieces": "41", "same_answers": "8", "questions": "8", "same_in": " ".join(same), "exact_copy": "", "late": "bo",
        "in_words": "the same answers in all 8 questions; bo handed in late",
    }  # fmt: skip
    write_alike(results, [], tmp_path)
    assert table(tmp_path / "alike.csv") == []


def test_what_could_not_be_graded_has_a_row_with_its_reason(tmp_path: Path) -> None:
    lost = result("cy", "", status="not gradable", problem="report.pdf is no notebook.", shown="cy/report.pdf")
    write_gradebook([not_gradable("ada", "The file is empty."), failed("bo"), lost], tmp_path)
    ada, bo, cy = table(tmp_path / "grades.csv")
    assert (ada["points"], ada["percent"], ada["problem"], ada["softmax"]) == ("0", "0.0", "The file is empty.", "0")
    # A grader that broke is no zero.
    assert (bo["points"], bo["percent"], bo["softmax"], bo["status"]) == ("", "", "", "failed")
    assert (cy["lesson"], cy["percent"], cy["problem"]) == ("", "", "report.pdf is no notebook.")


def test_limits_are_named_in_the_notes(tmp_path: Path) -> None:
    write_gradebook([result("ada", NEURON, question("relu", STOPPED), limits=("It printed too much.",))], tmp_path)
    assert (
        table(tmp_path / "grades.csv")[0]["notes"]
        == "It printed too much.; relu: It ran longer than 300 seconds, so it was stopped."
    )


def test_several_lessons_give_totals_and_open_ends(tmp_path: Path) -> None:
    one, other = question("one", possible=4), question("two", possible=6, state=PARTLY)
    results = [
        result("ada", "02_x", one),
        result("ada", "04_y", other),
        result("bo", "02_x", one),
        result("cy", "02_x", one),
        failed("cy", "04_y"),
    ]
    write_gradebook(results, tmp_path)
    assert (tmp_path / "totals.csv").read_text(encoding="utf-8") == (
        "\ufefflearner,name,points,possible,percent,02_x,04_y,open\n"
        "ada,,7.75,10,77.5,4,3.75,\n"
        "bo,,4,10,40.0,4,,04_y: not handed in\n"
        "cy,,,10,,4,,04_y: grading failed; grade it again\n"
    )
    assert [(row["one"], row["two"]) for row in table(tmp_path / "grades.csv")][:2] == [("4", ""), ("", "3.75")]


def test_questions_of_the_same_name_or_a_column_s_name_get_columns_of_their_own(tmp_path: Path) -> None:
    results = [
        result("ada", "02_x", question("pool"), question("notes")),
        result("ada", "04_y", question("pool", WRONG)),
    ]
    write_gradebook(results, tmp_path)
    first, second = table(tmp_path / "grades.csv")
    assert (first["02_x: pool"], first["04_y: pool"], first["02_x: notes"], first["notes"]) == ("2", "", "2", "")
    assert (second["02_x: pool"], second["04_y: pool"]) == ("", "0")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_of_a_learner_becomes_a_formula_in_any_table(tmp_path: Path, text: str) -> None:
    identity = {"name": text, "canvas_user": "1", "moodle_participant": "2"}
    hostile = result(text, NEURON, question(text), problem=text, notes=(text,), limits=(text,), identity=identity)
    other = result("other", CNN, question("z"))
    write_gradebook([hostile, other], tmp_path)
    write_platforms([result("ada", NEURON, *hostile.questions, notes=(text,), identity=identity)], tmp_path)
    write_alike([hostile], [pair(text, text, lesson=text, same=(text,))], tmp_path)
    found = list(tmp_path.rglob("*.csv"))
    assert len(found) == 6
    cells = []
    for path in found:
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells += [value for row in csv.reader(file) for value in row]
    # The dash alone is Moodle's own "never".
    assert [
        value for value in cells if value.strip()[:1] in tuple("=+-@＝＋－＠") and value.strip() and value != "-"
    ] == []
    assert cell(text).startswith("'") and not cell("a=1").startswith("'")


def test_what_no_file_or_terminal_can_take_is_written_out() -> None:
    assert visible("a\u202eb\x1b[31m\x00\ud800\U000e0041\r\nc") == "a\\u202eb\\x1b[31m\\x00\\ud800\\U000e0041\nc"
    assert visible("naïve 王 👩\u200d🔬\tx") == "naïve 王 👩\u200d🔬\tx"


def test_a_name_with_half_a_character_spoils_no_file(tmp_path: Path) -> None:
    results = [
        result(
            "ada",
            identity={"name": "A\ud800da", "canvas_user": "1", "moodle_participant": "2"},
            notes=("\x1b]0;x\x07",),
        )
    ]
    for write in (write_gradebook, write_platforms, write_feedback, write_overview):
        write(results, tmp_path)
    assert table(tmp_path / "grades.csv")[0]["name"] == "A\\ud800da"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (2.0, "2"),
        (10.0, "10"),
        (1.875, "1.88"),
        (4.625, "4.63"),
        (3 * 0.1, "0.3"),
        (0.0, "0"),
        (100.5, "100.5"),
    ],
)
def test_points_are_shown_with_two_decimals_at_most(value: float, text: str) -> None:
    assert number(value) == text


def test_a_failed_write_leaves_the_old_files_whole_and_nothing_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = make_class(5)
    for write in (write_gradebook, write_platforms, write_feedback):
        write(results, tmp_path)
    before = files(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    monkeypatch.setattr(Path, "replace", full)
    for write in (write_gradebook, write_platforms, write_feedback):
        with pytest.raises(GradingError, match="the disk is full"):
            write(make_class(5, seed=2), tmp_path)
    monkeypatch.setattr("course.grading.report.platforms.write_csv", lambda path, rows: path)
    with pytest.raises(GradingError, match="the disk is full"):
        write_platforms(make_class(5, seed=2), tmp_path)
    assert files(tmp_path) == before


def test_the_same_results_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    results = make_class(12, NEURON, CNN)
    for folder, order in (("one", results), ("other", results[::-1])):
        for write in (write_gradebook, write_platforms, write_feedback, write_overview):
            write(order, tmp_path / folder)
    assert files(tmp_path / "one") == files(tmp_path / "other") != {}


@pytest.mark.parametrize("learner", ["../../up", "a/b", "", "..", "C:\\x", "a\0b", "a\nb"])
def test_a_key_that_could_leave_the_folder_is_refused(tmp_path: Path, learner: str) -> None:
    for write in (write_feedback, write_platforms, write_overview):
        with pytest.raises(GradingError, match="can't be a file name"):
            write([result(learner)], tmp_path / "out")
    assert not list(tmp_path.rglob("*.html")) and not list(tmp_path.rglob("*.json"))


@pytest.mark.parametrize("results", [[], [result("ada", "")]])
def test_a_run_without_a_gradable_lesson_still_gives_its_files(tmp_path: Path, results: list[Result]) -> None:
    for write in (write_gradebook, write_platforms, write_feedback, write_overview):
        write(results, tmp_path)
    assert len(table(tmp_path / "grades.csv")) == len(results)
    assert not (tmp_path / "gradescope").exists()


@pytest.mark.parametrize("write", [write_gradebook, write_platforms, write_feedback, write_overview])
def test_the_work_of_a_report_grows_with_the_class_and_not_with_its_square(
    tmp_path: Path, write: Callable[[list[Result], Path], object]
) -> None:
    def work(size: int) -> int:
        results = make_class(size)
        return calls_of(lambda: write(results, tmp_path / f"{size}"))

    assert_linear(work, 25)


def test_a_class_of_300_gets_a_page_each_and_nothing_more(tmp_path: Path) -> None:
    write_feedback(make_class(300), tmp_path)
    assert len(list((tmp_path / "feedback").iterdir())) == 300
