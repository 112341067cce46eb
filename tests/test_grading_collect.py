"""Collecting: whatever an instructor has, everybody in it gets a row, and nobody another's notebook."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import re
import shutil
import tempfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hang import assert_linear, calls_of
from hypothesis import given, settings
from hypothesis import strategies as st
from making import code, grading, notebook

from course.checks import registry
from course.curriculum import lesson_of, number_of, topic_of
from course.grading.intake import inspection, naming
from course.grading.intake.collection import LARGEST, collect
from course.grading.intake.naming import Person, distinct_keys, safe_key
from course.grading.model import GradingError, Submission

pytestmark = pytest.mark.one_set

ZERO, TWO, FOUR = lesson_of("start_here"), lesson_of("the_neuron"), lesson_of("cnn_classification")
ALL = (ZERO, TWO, FOUR)


def book(lesson: str = TWO, *, count: int = 5, mark: str = "", **metadata: Any) -> str:
    """A notebook with `count` exercises of a lesson; `mark` tells it from others."""
    names = list(registry.exercises(lesson))[:count]
    cells = [code(f"def {name}(): ...", metadata=grading(name)) for name in names]
    return json.dumps(notebook(code(f"# {mark}"), *cells, metadata=metadata))


def plant(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return out.getvalue()


Collect = Callable[..., list[Submission]]


@pytest.fixture
def gather(tmp_path: Path) -> Collect:
    """Collects what `files` plants; `where` is what the instructor names."""

    def gathered(
        files: Mapping[str, str | bytes], lessons: Sequence[str] = (TWO,), where: str = ""
    ) -> list[Submission]:
        plant(tmp_path / "class", files)
        return collect(tmp_path / "class" / where, lessons, tmp_path / "work")

    return gathered


def table(rows: list[Submission]) -> list[tuple[str, str]]:
    return [(row.learner, row.lesson) for row in rows]


def test_a_folder_for_each_learner(gather: Collect) -> None:
    rows = gather({f"ada/{TWO}.ipynb": book(), "bob/my/deep/place/answers.ipynb": book(mark="bob")})
    assert table(rows) == [("ada", TWO), ("bob", TWO)] and not any(row.problem for row in rows)
    assert [row.shown for row in rows] == [f"ada/{TWO}.ipynb", "bob/my/deep/place/answers.ipynb"]
    content = Path(rows[1].file).read_bytes()
    assert content == book(mark="bob").encode() and rows[1].digest == hashlib.sha256(content).hexdigest()


NBGRADER: dict[str, str | bytes] = {
    "nbgrader_config.py": "c = get_config()",
    "gradebook.db": b"\0",
    f"source/{TWO}/{TWO}.ipynb": book(mark="source"),
    f"autograded/ada/{TWO}/{TWO}.ipynb": book(mark="graded"),
    f"submitted/ada/{TWO}/{TWO}.ipynb": book(mark="ada"),
    f"submitted/ada/{TWO}/timestamp.txt": "2026-01-30 10:30:47.524219 UTC",
    f"submitted/bob/{TWO}/{TWO}.ipynb": book(mark="bob"),
    f"submitted/bob/{ZERO}/{ZERO}.ipynb": book(ZERO, mark="bob"),
}


@pytest.mark.parametrize("where", ["", "submitted"])
def test_nbgraders_course_folder(gather: Collect, where: str) -> None:
    rows = gather(NBGRADER, ALL, where)
    assert table(rows) == [("ada", TWO), ("bob", ZERO), ("bob", TWO)] and not any(row.problem for row in rows)
    assert rows[0].notes == ("handed in 2026-01-30 10:30:47 UTC",) and rows[1].notes == ()


@pytest.mark.parametrize(("where", "lessons"), [("submitted/bob", [ZERO, TWO]), (f"submitted/bob/{ZERO}", [ZERO])])
def test_nbgraders_folder_of_one_learner(gather: Collect, where: str, lessons: list[str]) -> None:
    assert table(gather(NBGRADER, ALL, where)) == [("bob", lesson) for lesson in lessons]


def test_flat_files(gather: Collect) -> None:
    names = [
        f"ada_{TWO}",
        f"bob-{number_of(TWO)}",
        "carl",
        f"dora_the_neuron_{TWO} (1)",
        f"{TWO}_eve",
        f"fay_lesson{int(number_of(TWO))}",
        # Handed out when the lesson had another number.
        f"gus_77_{topic_of(TWO)}",
    ]
    rows = gather({f"{name}.ipynb": book(mark=name) for name in names})
    assert table(rows) == [(name, TWO) for name in ("ada", "bob", "carl", "dora_the_neuron", "eve", "fay", "gus")]


def test_a_folder_for_each_lesson(gather: Collect) -> None:
    rows = gather({f"{TWO}/ada.ipynb": book(), f"{ZERO}/ada.ipynb": book(ZERO), f"{ZERO}/bob.ipynb": "{"}, ALL)
    assert table(rows) == [("ada", ZERO), ("ada", TWO), ("bob", ZERO)] and rows[2].problem


CANVAS: dict[str, str | bytes] = {
    f"doejane_LATE_1201_345678_{TWO}.ipynb": book(mark="jane"),
    f"o_brien_1202_345679_{TWO}.ipynb": book(mark="first"),
    f"o_brien_1202_345699_{TWO}-1.ipynb": book(mark="second"),
    "roejim_1203_345680_answers.zip": zipped({f"hw/{TWO}.ipynb": book(mark="jim"), "__MACOSX/hw/._x.ipynb": b"\0"}),
    "poeann_1204_345681_report.pdf": b"%PDF",
    "moejoe_1205_text.html": "<p>I could not upload",
    f"anon_aB3dE_345690_{TWO}.ipynb": book(mark="anonymous"),
}


@pytest.mark.parametrize("form", ["zip", "folder", "zip in a folder", "folder in a folder", "folder in a zip"])
def test_canvas_download_in_every_form(tmp_path: Path, form: str) -> None:
    where = tmp_path / "class"
    if form == "zip":
        where = plant(tmp_path, {"class.zip": zipped(CANVAS)}) / "class.zip"
    elif form == "zip in a folder":
        plant(where, {"submissions.zip": zipped(CANVAS)})
    elif form == "folder in a zip":
        inside = {f"submissions/{name}": content for name, content in CANVAS.items()}
        where = plant(tmp_path, {"class.zip": zipped(inside)}) / "class.zip"
    else:
        plant(where / "submissions" if form == "folder in a folder" else where, CANVAS)
    rows = collect(where, [TWO], tmp_path / "work")
    by = {row.learner: row for row in rows}
    assert sorted(by) == ["anon_aB3dE", "doejane", "moejoe", "o_brien", "poeann", "roejim"]
    assert by["doejane"].identity == {"name": "doejane", "canvas_user": "1201", "canvas_file": "345678"}
    assert by["doejane"].notes == ("late",)
    assert (
        "second" in Path(by["o_brien"].file).read_text(encoding="utf-8")
        and "one of 2 notebooks" in by["o_brien"].notes[0]
    )
    assert by["roejim"].shown.endswith(f"roejim_1203_345680_answers.zip: hw/{TWO}.ipynb") and not by["roejim"].problem
    assert "no notebook, but" in by["poeann"].problem and "report.pdf" in by["poeann"].problem
    assert by["moejoe"].problem and "handed in a text on Canvas, which was not read" in by["moejoe"].notes
    assert by["anon_aB3dE"].identity == {"canvas_file": "345690"}


def test_of_canvas_resubmissions_the_newest_is_graded(gather: Collect) -> None:
    names = {9: "x-9", 10: "x-10", 2: "x-2"}
    rows = gather({f"ada_7_{500 + n}_{name}.ipynb": book(mark=name) for n, name in names.items()})
    assert len(rows) == 1 and rows[0].shown == "ada_7_510_x-10.ipynb" and "one of 3 notebooks" in rows[0].notes[0]


def test_canvas_numbers_decide_what_is_newest_before_names_do(gather: Collect) -> None:
    (row,) = gather({"ada_7_800_x-3.ipynb": book(mark="old"), "ada_7_900_final.ipynb": book(mark="new")})
    assert row.shown == "ada_7_900_final.ipynb"


@pytest.mark.parametrize("wrapper", ["class/", "Homework 2/", ""])
def test_a_zip_file_of_a_class_may_hold_one_folder_that_holds_all(gather: Collect, wrapper: str) -> None:
    content = zipped({f"{wrapper}{name}/x.ipynb": book(mark=name) for name in ("ada", "bob")})
    assert [row.learner for row in gather({"class.zip": content}, where="class.zip")] == ["ada", "bob"]


def test_moodles_download_with_folders_and_flat(gather: Collect, tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        f"Ada Lovelace_1234567_assignsubmission_file_/{TWO}.ipynb": book(mark="ada"),
        "Ada Lovelace_1234567_assignsubmission_onlinetext_/onlinetext.html": "<p>Please mind my …",
        "José Ñandú_1234568_assignsubmission_file/sub/x.ipynb": book(mark="jose"),
        f"Bo Li_1234569_assignsubmission_file_{TWO}.ipynb": book(mark="bo"),
        "Cy Po_1234570_assignsubmission_onlinetext_onlinetext.html": "<p>I have nothing",
        "Default group_assignsubmission_file_/x.ipynb": book(mark="group"),
    }
    rows = gather({"moodle.zip": zipped(files)}, where="moodle.zip")
    assert [row.learner for row in rows] == ["Ada_Lovelace", "Bo_Li", "Cy_Po", "Default_group", "José_Ñandú"]
    ada, bo, cy, group, jose = rows
    assert ada.identity == {"name": "Ada Lovelace", "moodle_participant": "1234567"} and not ada.problem
    assert ada.notes == ("handed in an online text on Moodle, which was not read",)
    assert bo.lesson == jose.lesson == group.lesson == TWO and jose.identity["name"] == "José Ñandú"
    assert "no notebook" in cy.problem


GRADESCOPE = """---
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0042'
    :email: ada@example.edu
  :created_at: 2026-01-30 10:30:47.524219 Z
  :history:
  - :id: 3
    :score: 1.0
    :results:
      :output: "] } what a learner printed: {"
submission_12:
  :submitters:
  - :name: Pair One
    :email: one@example.edu
  - :name: Pair Two
    :email: two@example.edu
"""


def test_gradescopes_export_with_its_names_and_groups(gather: Collect) -> None:
    files: dict[str, str | bytes] = {
        "assignment_9_export/submission_metadata.yml": GRADESCOPE,
        "assignment_9_export/submission_11/x.ipynb": book(mark="ada"),
        "assignment_9_export/submission_12/x.ipynb": book(mark="pair"),
        "assignment_9_export/submission_13/x.ipynb": book(mark="nobody"),
    }
    rows = gather({"export.zip": zipped(files)}, where="export.zip")
    assert [row.learner for row in rows] == ["Ada_Lovelace", "Pair_One", "Pair_Two", "submission_13"]
    assert rows[0].identity == {
        "name": "Ada Lovelace",
        "email": "ada@example.edu",
        "sid": "0042",
        "gradescope_submission": "11",
    }
    assert rows[1].digest == rows[2].digest and rows[2].notes == ("handed in together by Pair One and Pair Two",)


@pytest.mark.parametrize(
    "text", ["[" * 10**5, "a: [", "- 1", "\0", "submission_1: &a [*a, *a]", "submission_1:\n  :submitters: 3"]
)
def test_gradescopes_export_without_readable_metadata_keeps_its_numbers(gather: Collect, text: str) -> None:
    rows = gather({"submission_metadata.yml": text, "submission_1/x.ipynb": book()})
    assert [(row.learner, row.identity) for row in rows] == [("submission_1", {"gradescope_submission": "1"})]


def test_all_forms_may_be_mixed_in_one_folder(gather: Collect) -> None:
    rows = gather(
        {
            "ada/x.ipynb": book(mark="1"),
            f"bob_{TWO}.ipynb": book(mark="2"),
            "carl.zip": zipped({f"carl/{TWO}.ipynb": book(mark="3")}),
            "canvas.zip": zipped({"doejane_1_22_x.ipynb": book(mark="4"), "roejim_2_23_x.ipynb": book(mark="5")}),
            f"submitted/eve/{TWO}/x.ipynb": book(mark="6"),
            "Fay Wu_77_assignsubmission_file_/x.ipynb": book(mark="7"),
            "class2.zip": zipped({"gil/x.ipynb": book(mark="8"), "hal/x.ipynb": book(mark="9")}),
            "README.md": "who is who",
            "roster.csv": "ada,bob",
        }
    )
    names = ["Fay_Wu", "ada", "bob", "carl", "doejane", "eve", "gil", "hal", "roejim"]
    assert [row.learner for row in rows] == names and not any(row.problem for row in rows)


def test_nobodys_zip_file_displaces_anothers_notebook(gather: Collect) -> None:
    forged: dict[str, str] = {
        "bobdoe_12_999_x.ipynb": book(count=8, mark="forged"),
        "evil_13_999_x.ipynb": book(mark="e"),
    }
    rows = gather({"bobdoe_12_345_x.ipynb": book(mark="honest"), "mallory.zip": zipped(forged)})
    honest = next(row for row in rows if row.learner.startswith("bobdoe") and row.shown == "bobdoe_12_345_x.ipynb")
    assert "honest" in Path(honest.file).read_text(encoding="utf-8") and "handed in twice" in honest.aside[0]
    assert honest.notes == ()
    assert len({row.learner for row in rows}) == 3


def test_what_systems_leave_behind_is_no_submission(gather: Collect) -> None:
    litter = [
        ".ipynb_checkpoints/x-checkpoint.ipynb",
        "__MACOSX/x.ipynb",
        "._x.ipynb",
        ".DS_Store",
        "Thumbs.db",
        ".git/config",
        ".hidden/notes.txt",
        "~$answer.docx",
    ]
    files = {place + name: book(mark=name) for name in litter for place in ("", "ada/")}
    rows = gather({**files, f"ada/{TWO}.ipynb": book(mark="ada")})
    assert table(rows) == [("ada", TWO)] and rows[0].notes == ()


def test_other_files_are_told_and_alone_they_are_no_submission(gather: Collect) -> None:
    rows = gather(
        {"ada/x.ipynb": book(), "ada/data.csv": "1", "bob/report.pdf": b"%PDF", "carl_02.pdf": b"%PDF", "ada/h.py": ""}
    )
    assert rows[0].notes == ("also handed in: data.csv, h.py",) and not rows[0].problem
    assert (
        rows[1].problem == "bob handed in no notebook, but report.pdf: ask for the .ipynb file." and rows[1].file == ""
    )
    assert rows[2].learner == "carl" and "carl_02.pdf" in rows[2].problem


def test_the_lesson_is_told_by_content_where_the_name_tells_none(gather: Collect) -> None:
    rows = gather(
        {"ada/a.ipynb": book(ZERO), "bob/b.ipynb": book(FOUR), "carl/c.ipynb": json.dumps(notebook(code("1")))}, ALL
    )
    assert table(rows) == [("ada", ZERO), ("bob", FOUR), ("carl", "")]
    assert "not clear which lesson" in rows[2].problem and "c.ipynb" in rows[2].problem


def test_names_at_top_level_tell_the_lesson_without_metadata_and_with_broken_code(gather: Collect) -> None:
    source = "class CNN(nnx.Module):\n    def neuron(self): (\n\ndef conv2d(x):"
    assert table(gather({"ada/x.ipynb": json.dumps(notebook(code(source)))}, ALL)) == [("ada", FOUR)]


def test_content_wins_over_a_name_and_is_noted(gather: Collect) -> None:
    rows = gather({f"ada/{TWO}.ipynb": book(FOUR)}, ALL)
    assert table(rows) == [("ada", FOUR)]
    assert rows[0].notes == (f"{TWO}.ipynb is named like {TWO}, but holds exercises of {FOUR}",)


def test_a_name_wins_where_the_content_does_not_clearly_disagree(gather: Collect) -> None:
    assert table(gather({f"ada/{TWO}.ipynb": book(FOUR, count=1)}, ALL)) == [("ada", TWO)]


def test_with_one_lesson_asked_for_others_are_left_out_and_told_where_nothing_is_left(gather: Collect) -> None:
    files: dict[str, str | bytes] = {f"ada/{name}.ipynb": book(name) for name in ALL}
    rows = gather({**files, "bob/b.ipynb": book(FOUR), "carl/c.ipynb": json.dumps(notebook(code("1")))})
    assert table(rows) == [("ada", TWO), ("bob", TWO), ("carl", TWO)]
    assert not rows[0].problem and rows[0].notes == () and not rows[2].problem
    assert rows[1].problem == f"bob handed in no notebook of {TWO}, but b.ipynb, which is of {FOUR}."


def test_instructor_and_learner_are_told_in_words_of_their_own(gather: Collect) -> None:
    rows = gather(
        {"ada/hw.docx": "x", "bob/b.ipynb": book(FOUR), "carl/c.ipynb": book(), "dan/a.pdf": "", "dan/b.py": ""}
    )
    ada, bob, carl, dan = rows
    assert ada.problem == "ada handed in no notebook, but hw.docx: ask for the .ipynb file."
    assert ada.told == "You handed in hw.docx, which is not a notebook: please hand in the .ipynb file."
    assert bob.told == f"You handed in b.ipynb, which is of {FOUR}, not of {TWO}."
    assert dan.told == "You handed in a.pdf, b.py, and no notebook: please hand in the .ipynb file."
    assert (carl.problem, carl.told) == ("", "")


def test_a_learner_reads_the_names_of_files_without_what_the_platform_put_before_them(gather: Collect) -> None:
    names = ("doe_12_34_homework.docx", f"roe_13_35_{TWO}.ipynb")
    doe, roe, _ = gather({names[0]: "x", names[1]: "{", "zoe_14_36_x.ipynb": book()})
    assert names[0] in doe.problem and doe.told.startswith("You handed in homework.docx, which is not a notebook")
    assert roe.problem.startswith(names[1]) and roe.told.startswith(f"{TWO}.ipynb is not a notebook")


@pytest.mark.parametrize("kind", ["named", "by content only", "with files that tell nothing", "several each", "one"])
def test_a_lesson_that_nobody_handed_in_is_refused_and_learners_and_notebooks_are_counted_apart(
    gather: Collect, kind: str
) -> None:
    name = "x" if kind == "by content only" else TWO
    files: dict[str, str | bytes] = {f"{learner}/{name}.ipynb": book(mark=learner) for learner in ("ada", "bob")}
    whole = rf"None of the 2 learners handed in a notebook of {FOUR}\. They handed in 2 notebooks: 2 of {TWO}\. "
    hint = rf"Did you mean --lesson {number_of(TWO)}\?$"
    if kind == "with files that tell nothing":
        files |= {"carl/hw.docx": "x", "dan/notes.ipynb": json.dumps(notebook(code("1"))), "eve/x.ipynb": "{"}
        whole = rf"None of the 5 learners handed in a notebook of {FOUR}\. They handed in 4 notebooks: 2 of {TWO}, "
        whole += r"2 of a lesson that can't be identified\. "
    elif kind == "several each":
        files |= {f"ada/{TWO} (1).ipynb": book(mark="again"), f"bob/{ZERO}.ipynb": book(ZERO)}
        whole = rf"None of the 2 learners .*They handed in 4 notebooks: 3 of {TWO}, 1 of {ZERO}\. "
        hint = r"Name one of them with --lesson\.$"
    elif kind == "one":
        del files[f"bob/{TWO}.ipynb"]
        whole = rf"The one learner did not hand in a notebook of {FOUR}\. It was 1 notebook, of {TWO}\. "
    with pytest.raises(GradingError, match=whole + hint):
        gather(files, [FOUR])


def test_one_notebook_of_the_lesson_asked_for_is_enough_to_grade(gather: Collect) -> None:
    rows = gather({"ada/x.ipynb": book(), "bob/x.ipynb": book(FOUR), "carl/x.ipynb": book(ZERO)}, [FOUR])
    assert [bool(row.problem) for row in rows] == [True, False, True]
    none = f"None of the 2 learners handed in a notebook of {FOUR}. They handed in 2 notebooks: 1 of {ZERO}, 1 of {TWO}"
    shutil.rmtree(Path(rows[1].file).parent)
    with pytest.raises(GradingError, match=f"{none}. Name one of them with --lesson."):
        gather({}, [FOUR])


def test_who_handed_in_no_notebook_did_so_for_the_lesson_of_all_others(gather: Collect) -> None:
    files: dict[str, str | bytes] = {"ada/x.ipynb": book(), "bob/hw.docx": "x", "carl/x.ipynb": "{"}
    assert table(gather(files, ALL)) == table(gather({}, [TWO])) == [("ada", TWO), ("bob", TWO), ("carl", TWO)]
    assert table(gather({"dan/x.ipynb": book(FOUR)}, ALL)) == [("ada", TWO), ("bob", ""), ("carl", ""), ("dan", FOUR)]


def test_names_are_kept_as_they_were_written(gather: Collect) -> None:
    rows = gather({"Bob O'Neil/x.ipynb": book(mark="b"), "wirthada_7_8_x.ipynb": book()})
    assert [(row.learner, row.identity["name"]) for row in rows] == [
        ("Bob_O_Neil", "Bob O'Neil"),
        ("wirthada", "wirthada"),
    ]


def test_of_several_notebooks_the_fullest_is_taken_then_the_newest(gather: Collect, tmp_path: Path) -> None:
    plant(tmp_path / "class", {"bob/a.ipynb": book(mark="new"), "bob/b.ipynb": book(mark="old")})
    os.utime(tmp_path / "class/bob/b.ipynb", (1, 1))
    rows = gather(
        {
            "ada/x (1).ipynb": book(count=3, mark="newest"),
            "ada/x.ipynb": book(count=6),
            "carl/x.ipynb": book(mark="first"),
            "carl/x (1).ipynb": book(mark="second"),
            "dora/x.ipynb": book(),
            "dora/copy of x.ipynb": book(),
        }
    )
    ada, bob, carl, dora = rows
    assert ada.shown == "ada/x.ipynb" and bob.shown == "bob/a.ipynb" and carl.shown == "carl/x (1).ipynb"
    assert ada.notes == (f"one of 2 notebooks for {TWO}: x.ipynb was graded, x (1).ipynb was not",)
    assert dora.notes == ()  # the same twice is no choice


BAD: dict[str, tuple[str | bytes, str]] = {
    "text": ("Dear teacher", "no JSON"),
    "empty": ("", "is empty"),
    "blank": (" \n", "is empty"),
    "broken": (book()[:-30], "damaged or cut off"),
    "merge": ("{\n<<<<<<< HEAD\n}", "merge conflict"),
    "json": ('{"a": 1}', "JSON, but not a notebook"),
    "list": ("[1]", "JSON, but not a notebook"),
    "cells": ('{"nbformat": 4, "cells": {}}', "no list of cells"),
    "truth": ('{"nbformat": true, "cells": []}', "no list of cells"),
    "v3": ('{"nbformat": 3, "worksheets": []}', "open it in a current JupyterLab and save it"),
    "v3 unsaid": ('{"worksheets": []}', "open it in a current JupyterLab and save it"),
    "v5": ('{"nbformat": 5, "cells": []}', "newer than 4"),
    "R": (book(kernelspec={"name": "ir", "language": "R"}), "for R, not for Python"),
    "julia": (book(language_info={"name": "julia"}), "for julia, not for Python"),
    "latin": ('{"nbformat": 4, "cells": ["é"]}'.encode("cp1252"), "not a UTF-8 text file"),
    "utf16": (book().encode("utf-16"), "UTF-16"),
    "binary": (bytes(range(256)), "not a UTF-8 text file"),
    "deep": ('{"nbformat": 4, "cells": ' + "[" * 10**6, "nested too deeply"),
    "large": (b" " * (LARGEST + 1), "at most 20 MB are read"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_notebook_gets_a_reason_and_the_others_are_collected(gather: Collect, kind: str) -> None:
    content, reason = BAD[kind]
    bad, good = gather({f"ada/{TWO}.ipynb": content, f"bob/{TWO}.ipynb": book()})
    assert reason in bad.problem and bad.problem.startswith(f"{TWO}.ipynb ") and bad.problem.endswith(".")
    assert (bad.learner, bad.lesson) == ("ada", TWO) and not good.problem
    assert reason in bad.told or "please" in bad.told
    for_learner, for_instructor = r"please|your|hand it in again$", r"\bask\b|and save it"
    assert re.search(for_learner, bad.told) and not re.search(for_learner, bad.problem)
    assert re.search(for_instructor, bad.problem) and not re.search(r"\bask\b", bad.told)


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + book().encode(),
        book(kernelspec={"name": "ir", "language": "python"}),
        book(kernelspec={"name": "conda-env-xyz", "display_name": "R and Julia"}),
        book(language_info={"name": "Python"}),
        book(language_info=3, kernelspec=["python"]),
        '{"nbformat": 4, "cells": [1, {"metadata": 2, "source": [3]}, {"metadata": {"nbgrader": {"grade_id": []}}}]}',
        book() + " " * (LARGEST - len(book())),
    ],
)
def test_odd_notebooks_are_accepted(gather: Collect, content: str | bytes) -> None:
    (row,) = gather({"ada/x.ipynb": content})
    assert row.problem == "" and row.digest and row.lesson == TWO


def test_a_broken_notebook_beside_a_good_one_costs_nothing(gather: Collect) -> None:
    (row,) = gather({f"ada/{TWO}.ipynb": book(), "ada/copy.ipynb": "{", "ada/all.7z": b"7z"}, ALL)
    assert not row.problem and any(note.startswith("not graded: copy.ipynb is not a notebook") for note in row.notes)
    assert any("all.7z is a kind of archive" in note for note in row.notes)


@pytest.mark.parametrize("digits", [4_300, 5_000, 100_000])
def test_a_number_of_any_length_in_the_metadata_is_of_no_interest(gather: Collect, digits: int) -> None:
    text = book(seen=1).replace('"seen": 1', f'"seen": {"7" * digits}')
    assert "7" * digits in text
    (row,) = gather({"ada/x.ipynb": text})
    assert not row.problem and row.digest
    nine = json.dumps(notebook()).replace('"nbformat": 4', f'"nbformat": {"9" * digits}')
    (_, row) = gather({"bob/x.ipynb": nine})
    assert f"its format (nbformat) as a number of {digits:,} digits" in row.problem and "damaged" not in row.problem


def test_links_pipes_and_folders_named_like_notebooks_are_never_opened(gather: Collect, tmp_path: Path) -> None:
    secret = plant(tmp_path, {f"secret/{TWO}.ipynb": book(mark="secret")}) / "secret"
    for name in ("ada", "bob", "carl", "dora"):
        (tmp_path / "class" / name).mkdir(parents=True)
    (tmp_path / "class/ada/x.ipynb").symlink_to(secret / f"{TWO}.ipynb")
    os.mkfifo(tmp_path / "class/bob/x.ipynb")
    (tmp_path / "class/carl/x.ipynb").symlink_to("x.ipynb")
    (tmp_path / "class/dora/x.ipynb").mkdir()
    (tmp_path / "class/eve").symlink_to(secret)
    rows = gather({"zoe/x.ipynb": book()})
    assert [row.learner for row in rows] == ["ada", "bob", "carl", "dora", "eve", "zoe"]
    words = ["is a link", "not an ordinary file", "is a link", "is empty", "is a link", ""]
    assert all(word in row.problem for word, row in zip(words, rows, strict=True)) and not rows[5].problem
    assert not any(row.file for row in rows[:5])


def test_a_file_that_turns_into_a_link_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"secret.ipynb": book(), "x.ipynb": book()})
    looked = Path.lstat

    def swap(path: Path) -> os.stat_result:
        found = looked(path)
        path.unlink()
        path.symlink_to(tmp_path / "secret.ipynb")
        return found

    monkeypatch.setattr(Path, "lstat", swap)
    found = inspection.inspect(tmp_path / "x.ipynb", "x.ipynb")
    assert "is a link" in str(found.problem) and not found.digest


def test_a_file_that_may_not_be_read_is_reported(gather: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: Any) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(inspection.os, "open", refuse)
    (row,) = gather({"ada/x.ipynb": book()})
    assert row.problem == "x.ipynb can't be read (Permission denied): change its permissions, or copy it again."


def test_a_large_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "x.ipynb").open("wb") as file:
        file.truncate(100 * 10**6)
    monkeypatch.setattr(inspection.os, "open", lambda *_: pytest.fail("opened"))
    assert "100 MB" in str(inspection.inspect(tmp_path / "x.ipynb", "x.ipynb").problem)


def test_zip_files_in_zip_files_are_opened_twice_and_no_deeper(gather: Collect) -> None:
    inner = zipped({"x.ipynb": book()})
    rows = gather(
        {"class.zip": zipped({"ada/x.zip": inner, "bob/x.zip": zipped({"y.zip": inner}), "carl/x.zip": b"no zip"})},
        where="class.zip",
    )
    assert [bool(row.problem) for row in rows] == [False, True, True]
    assert rows[0].shown == "class.zip: ada/x.zip: x.ipynb"
    assert "zip file inside a zip file" in rows[1].problem and "not a zip file" in rows[2].problem


def test_members_that_are_not_unpacked_are_their_learners_rows(gather: Collect) -> None:
    content = zipped({"ada/x.ipynb": book(), "bob/../../x.ipynb": book(), "carl/x.ipynb": bytes(10**7)})
    rows = gather({"class.zip": content}, where="class.zip")
    assert [row.learner for row in rows] == ["ada", "bob", "carl"]
    assert "leads out" in rows[1].problem and "200 times" in rows[2].problem and rows[1].file == ""


def test_nothing_is_written_into_what_was_handed_in(gather: Collect, tmp_path: Path) -> None:
    plant(tmp_path / "class", {**CANVAS, "ada/x.ipynb": book(), "all.zip": zipped(CANVAS)})

    def state() -> dict[str, tuple[int, int]]:
        entries = sorted([tmp_path / "class", *(tmp_path / "class").rglob("*")])
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in entries}

    before = state()
    rows = gather({})
    assert state() == before
    places = {Path(row.file).relative_to(tmp_path).parts[0] for row in rows if row.file}
    assert places == {"class", "work"}


@pytest.mark.parametrize("files", [{}, {"roster.csv": "x"}, {".hidden/x.txt": "x"}])
def test_a_folder_without_submissions_says_what_was_looked_for(
    gather: Collect, tmp_path: Path, files: dict[str, Any]
) -> None:
    (tmp_path / "class").mkdir()
    with pytest.raises(
        GradingError, match=r"no submissions in class\. The search covered .*Canvas, Moodle and Gradescope"
    ):
        gather(files)


def test_what_is_no_folder_and_no_zip_file_is_refused(gather: Collect) -> None:
    with pytest.raises(GradingError, match=r"nowhere does not exist"):
        gather({}, where="nowhere")
    with pytest.raises(GradingError, match=r"x\.ipynb is neither a folder nor a zip file"):
        gather({"x.ipynb": book()}, where="x.ipynb")
    with pytest.raises(GradingError, match=r"x\.zip is not a zip file"):
        gather({"x.zip": b"x"}, where="x.zip")


def test_names_of_any_bytes_are_collected_and_shown_in_the_open(gather: Collect, tmp_path: Path) -> None:
    folder = tmp_path / "class" / os.fsdecode(b"ada\xff\n") / "x\u202egpj.ipynb"
    plant(folder.parent, {folder.name: book()})
    (row,) = gather({})
    assert not row.problem and row.shown == "ada\\udcff\\x0a/x\\u202egpj.ipynb" and row.learner == "ada__"
    json.dumps(row.shown).encode("utf-8")


def test_the_result_does_not_depend_on_the_order_of_the_files(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        **CANVAS,
        "Ada/x.ipynb": book(mark="A"),
        "ada/x.ipynb": book(mark="a"),
        "zoe_02.ipynb": book(mark="z"),
    }
    found = []
    for turn in range(3):
        names = sorted(files)
        random.Random(turn).shuffle(names)
        plant(tmp_path / f"{turn}" / "class", {name: files[name] for name in names})
        rows = collect(tmp_path / f"{turn}" / "class", [TWO], tmp_path / f"work-{turn}")
        found.append([(row.learner, row.lesson, row.shown, row.digest, row.notes) for row in rows])
    assert found[0] == found[1] == found[2] and found[0] == sorted(found[0])


def test_people_whose_names_differ_only_in_case_have_keys_of_their_own(gather: Collect) -> None:
    rows = gather(
        {
            "Ada/x.ipynb": book(mark="A"),
            "ada/x.ipynb": book(mark="a"),
            "doe_12_34_x.ipynb": book(mark="1"),
            "doe_13_35_x.ipynb": book(),
        }
    )
    assert len({row.learner.casefold() for row in rows}) == 4
    assert [row.learner for row in rows if row.learner.startswith("doe")] == ["doe-12", "doe-13"]


@given(st.text(max_size=200))
def test_every_key_is_a_safe_file_name(name: str) -> None:
    key = safe_key(name)
    assert key and len(key) <= 80 and len(key.encode()) <= 240 and not key.startswith(".") and not key.endswith(".")
    assert all(c in "-_.@" or unicodedata.category(c)[0] in "LM" or c.isdecimal() for c in key)
    assert safe_key(key) == key == safe_key(unicodedata.normalize("NFC", name))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Ada Lovelace", "Ada_Lovelace"),
        ("../../etc", "_.._etc"),
        ("....", "learner"),
        ("", "learner"),
        ("阿達", "阿達"),
        ("ada@example.edu", "ada@example.edu"),
        ("CON", "_CON"),
        ("=cmd|x", "_cmd_x"),
        ("Jose\u0301", "José"),
    ],
)
def test_keys_keep_what_is_safe_in_a_name(name: str, key: str) -> None:
    assert safe_key(name) == key


NAMES = st.one_of(
    st.sampled_from(["ada", "Ada", "ADA", "a da", "a_da", "a/da", "ß", "ss", "x" * 90, "x" * 91]), st.text(max_size=90)
)
PEOPLE = st.lists(st.tuples(NAMES, st.sampled_from(["", "12", "13"])), max_size=12, unique=True)


@settings(deadline=None)
@given(PEOPLE, st.randoms())
def test_keys_are_distinct_and_do_not_depend_on_the_order(people: list[tuple[str, str]], rng: random.Random) -> None:
    entries = [(Person(name, "canvas" if number else "", number), "") for name, number in people]
    keys = distinct_keys(entries)
    assert len({key.casefold() for key in keys.values()}) == len(entries)
    assert all(safe_key(key) == key for key in keys.values())
    rng.shuffle(entries)
    assert distinct_keys(entries) == keys


def test_platform_names_are_not_seen_where_there_are_none() -> None:
    for name in (
        "ada_2026_10_05.ipynb",
        "ada_2026_10_neuron.ipynb",
        f"ada_{TWO}.ipynb",
        "12_345_x.ipynb",
        "ada.ipynb",
    ):
        assert naming.canvas(name) is None and naming.moodle(name) is None


def canvas_class(folder: Path, size: int) -> Path:
    """Canvas' zip file of a class of so many."""
    names = [f"learner{n:03}_{n + 100}_{n + 5000}_{TWO}.ipynb" for n in range(size)]
    plant(folder, {"class.zip": zipped({name: book(mark=name) for name in names})})
    return folder / "class.zip"


def test_each_notebook_of_a_class_of_300_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where, opened, really = canvas_class(tmp_path, 300), Counter[str](), os.open

    def counted(path: Any, *more: Any, **named: Any) -> int:
        opened[str(path)] += 1
        return really(path, *more, **named)

    with monkeypatch.context() as patched:
        patched.setattr(inspection.os, "open", counted)
        rows = collect(where, [TWO], tmp_path / "work")
    assert len(rows) == 300 and not any(row.problem for row in rows)
    assert [opened[row.file] for row in rows] == [1] * 300


def test_the_work_of_reading_grows_with_the_class_and_not_with_its_square(tmp_path: Path) -> None:
    def work(size: int) -> int:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        where = canvas_class(folder, size)
        return calls_of(lambda: collect(where, [TWO], folder / "work"))

    assert_linear(work, 100)
