"""The graft: the learner's code in the exercise's places, whatever was done to the notebook."""

from __future__ import annotations

import ast
import copy
import json
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hang import assert_linear, calls_of, ends_within_a_hang
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbval.plugin import comment_markers, find_comment_markers

from course.authoring.notebook import Cell, Notebook, code_cells, read
from course.authoring.release import exercise_of
from course.curriculum import lesson_of
from course.grading.graft.cells import LARGEST_SOURCE, MOST_CELLS, without_markers
from course.grading.graft.grafting import Grafted, graft
from course.grading.graft.source_code import as_run

pytestmark = pytest.mark.one_set

ROOT = Path(__file__).resolve().parents[1]
NEURONS, CNNS = lesson_of("the_neuron"), lesson_of("cnn_classification")
LESSONS = (lesson_of("start_here"), NEURONS, CNNS)
NEURON = "def neuron(x, w, b):\n    return jnp.tanh(w @ x + b)"
LAYER = "def layer(x, W, b):\n    return jnp.tanh(W @ x + b)"
RELU = "def relu(x):\n    return jnp.maximum(x, 0)"


@cache
def _solution(lesson: str) -> Notebook:
    return read(ROOT / "solutions" / f"{lesson}.ipynb")


def solution(lesson: str = NEURONS) -> Notebook:
    return copy.deepcopy(_solution(lesson))


def exercise(lesson: str = NEURONS, **answers: str) -> Notebook:
    """What was released, with some answers written."""
    nb = exercise_of(_solution(lesson), lesson)
    for name, source in answers.items():
        cell_of(nb, name)["source"] = source
    return nb


def cell_of(nb: Notebook, name: str) -> Cell:
    return next(cell for cell in nb["cells"] if cell["id"] == name)


def place_of(nb: Notebook, name: str) -> int:
    return nb["cells"].index(cell_of(nb, name))


def code(source: str, **more: Any) -> Cell:
    """A cell as a learner adds it."""
    fresh: Cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
    return fresh | {"id": f"new-{abs(hash(source)) % 10**8}"} | more


def add(nb: Notebook, source: str, *, after: str) -> Cell:
    nb["cells"].insert(place_of(nb, after) + 1, cell := code(source))
    return cell


def grafted(nb: Any, lesson: str = NEURONS) -> Grafted:
    """The graft of `nb`, valid, and the learner's notebook unchanged by it."""
    before = json.dumps(nb)
    found = graft(_solution(lesson), nb)
    assert json.dumps(nb) == before
    nbformat.validate(nbformat.from_dict(copy.deepcopy(found.notebook)))
    return found


def sources(found: Grafted, role: str = "") -> list[str]:
    return [cell["source"] for cell in found.notebook["cells"] if role in ("", marks(cell)["role"])]


def marks(cell: Cell) -> dict[str, str]:
    return cell["metadata"]["course_grading"]


def position(found: Grafted, source: str) -> int:
    """Where a text stands in the graft; it is there once."""
    all_sources = sources(found)
    assert all_sources.count(source) == 1, all_sources
    return all_sources.index(source)


def check_of(found: Grafted, question: str) -> int:
    return next(
        place
        for place, cell in enumerate(found.notebook["cells"])
        if marks(cell) == {"role": "check", "question": question}
    )


def said(found: Grafted, *words: str) -> bool:
    return any(all(word in note for word in words) for note in found.notes)


def questions(lesson: str) -> list[str]:
    nbs = code_cells(_solution(lesson))
    return [c["metadata"]["nbgrader"]["grade_id"] for _, c in nbs if c["metadata"].get("nbgrader", {}).get("solution")]


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_untouched_exercise_is_its_own_graft(lesson: str) -> None:
    found = grafted(exercise(lesson), lesson)
    assert found.untouched == set(questions(lesson)) and not found.missing and not found.notes
    assert sources(found) == [cell["source"] for _, cell in code_cells(exercise(lesson))]


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_solution_handed_in_keeps_every_answer(lesson: str) -> None:
    found = grafted(solution(lesson), lesson)
    assert not found.untouched and not found.missing and not found.notes
    assert found.answers == {name: cell_of(solution(lesson), name)["source"] for name in questions(lesson)}


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize("submitted", [exercise, lambda lesson: {"cells": []}, lambda lesson: None])
def test_no_line_of_the_solutions_answers_is_in_a_graft(lesson: str, submitted: Callable[[str], Any]) -> None:
    text = json.dumps(grafted(submitted(lesson), lesson).notebook)
    released = json.dumps(exercise(lesson))
    secret = [
        line.strip()
        for name in questions(lesson)
        for line in cell_of(solution(lesson), name)["source"].split("\n")
        if len(line.strip()) > 8 and json.dumps(line.strip())[1:-1] not in released
    ]
    assert secret and not [line for line in secret if json.dumps(line)[1:-1] in text]


@pytest.mark.parametrize(
    ("header", "runs"),
    [
        ("%%timeit", ""),
        ("\n%%timeit -n 10 -r3 -q", "\n"),
        ("%%timeit -o x = -3", "x = -3"),
        ("%%memit -r 1", ""),
        ("%%lprun -f neuron", ""),
        ("%%heat", ""),
        ("%%time\n%%timeit", "%%time\n"),
        ("%%mprun -f neuron\n%%capture out", "\n%%capture out"),
    ],
)
def test_a_cell_magic_that_only_measures_leaves_what_its_cell_defines(header: str, runs: str) -> None:
    """No line is added or lost, so that errors name the learner's lines; the feedback shows what was written."""
    found = grafted(exercise(neuron=f"{header}\n{NEURON}"))
    assert sources(found, "answer")[0] == f"{runs}\n{NEURON}"
    assert found.answers["neuron"] == f"{header}\n{NEURON}" and "neuron" not in found.untouched


@pytest.mark.parametrize("header", ["%%time", "%%capture out", "%%bash", "%%cython", "# mine\n%%timeit", "%%timeitx"])
def test_any_other_cell_magic_runs_as_it_was_written(header: str) -> None:
    assert sources(grafted(exercise(neuron=f"{header}\n{NEURON}")), "answer")[0] == f"{header}\n{NEURON}"


def test_a_header_made_to_be_read_for_long_is_not() -> None:
    """Quadratic, it would read for minutes: how often a character is looked at, and no clock, is the promise."""
    for source in ("%%timeit" + " -a" * 200_000, "%%timeit -a" + " " * 200_000 + "x\n", "%%time" + " \n" * 200_000):
        assert as_run(source).count("\n") == source.count("\n")


def test_every_check_has_the_question_that_it_follows_and_answers_stand_before_it() -> None:
    found = grafted(solution(CNNS), CNNS)
    order = [(marks(cell)["role"], marks(cell)["question"]) for cell in found.notebook["cells"]]
    for name in questions(CNNS):
        assert order.index(("answer", name)) < order.index(("given", name)) < order.index(("check", name))
    assert order[:2] == [("given", ""), ("given", "")]


def test_nothing_but_source_text_of_a_submission_survives() -> None:
    nb = exercise(neuron=NEURON)
    nb["metadata"]["evil"] = nb["evil"] = "evil"
    for _, cell in code_cells(nb):
        cell["metadata"] |= {"tags": ["nbval-skip", "evil"], "evil": 1, "course_grading": {"role": "check"}}
        cell |= {
            "outputs": [{"output_type": "stream", "text": "evil"}],
            "execution_count": 666,
            "attachments": {"evil": {}},
        }
    add(nb, "x = 1", after="neuron")["id"] = "bootstrap-evil"
    text = json.dumps(grafted(nb).notebook)
    assert "evil" not in text and "666" not in text and "tags" not in text


@pytest.mark.parametrize("name", sorted(comment_markers))
@pytest.mark.parametrize(
    "form", ["# {}", "   ##   {}  ", "x = 1\n\t# {}\ny = 2", 'x = """\u2028#{}\u2028"""', "x = 1\x0c# {}"]
)
def test_comments_that_steer_nbval_have_no_effect(name: str, form: str) -> None:
    source = form.format(name)
    assert list(find_comment_markers(source))  # nbval would obey
    tamed = without_markers(source)
    assert not list(find_comment_markers(tamed))
    assert len(tamed) == len(source) + 1 and len(tamed.splitlines()) == len(source.splitlines())
    (answer,) = (text for text in sources(grafted(exercise(neuron=source + "\n" + NEURON))) if "def neuron" in text)
    assert not list(find_comment_markers(answer))


@pytest.mark.parametrize(
    "source", ["x = 'NBVAL_SKIP'", "# NBVAL_SKIP this", "x = 1  # NBVAL_SKIP", "NBVAL_SKIP", "#\n"]
)
def test_what_does_not_steer_nbval_is_left_as_it_is(source: str) -> None:
    assert without_markers(source) == source and not list(find_comment_markers(source))


def test_an_untouched_stub_is_known_through_comments_docstrings_and_space() -> None:
    stub = cell_of(exercise(), "neuron")["source"]
    nb = exercise(neuron="# hm\n\n" + stub.replace("One neuron", "ONE") + "  # later\n", relu="pass\n" + RELU)
    assert grafted(nb).untouched == set(questions(NEURONS)) - {"relu"}


def test_both_halves_of_a_split_cell_run_in_order() -> None:
    nb = exercise(neuron="def helper(z):\n    return jnp.tanh(z)")
    half = copy.deepcopy(cell_of(nb, "neuron")) | {
        "id": "half",
        "source": "def neuron(x, w, b):\n    return helper(w @ x + b)",
    }
    nb["cells"].insert(place_of(nb, "neuron") + 1, half)
    found = grafted(nb)
    assert position(found, "def helper(z):\n    return jnp.tanh(z)") + 1 == position(found, half["source"])
    assert "helper(z)" in found.answers["neuron"] and "helper(w" in found.answers["neuron"]


@pytest.mark.parametrize("named", [True, False], ids=["halves of one name", "the name lost"])
@pytest.mark.parametrize(
    "lesson, name, at",
    [(NEURONS, "softmax", 8), (NEURONS, "softmax", 9), (CNNS, "conv2d", 13), (CNNS, "train_step", 9)],
)
def test_a_function_cut_in_two_is_joined_and_reported(lesson: str, name: str, at: int, named: bool) -> None:
    nb = solution(lesson)
    cell = cell_of(nb, name)
    lines = cell["source"].split("\n")
    metadata = copy.deepcopy(cell["metadata"]) if named else {}
    lower = code("\n".join(lines[at:]), metadata=metadata, id="lower")
    nb["cells"].insert(place_of(nb, name) + 1, lower)
    cell["source"] = "\n".join(lines[:at])
    found = grafted(nb, lesson)
    assert found.answers[name] == "\n".join(lines) and said(found, "two halves of a split cell")


def test_a_class_cut_into_three_is_joined() -> None:
    nb = solution(CNNS)
    cell = cell_of(nb, "CNN")
    whole = cell["source"]
    start = whole.index("    def __init__")
    middle, bottom = whole[start:].split("\n\n", 1)
    halves = [copy.deepcopy(cell) | {"id": f"half-{n}", "source": text} for n, text in enumerate((middle, bottom))]
    cell["source"] = whole[:start].rstrip()
    place = place_of(nb, "CNN")
    nb["cells"][place + 1 : place + 1] = halves
    answer = grafted(nb, CNNS).answers["CNN"]
    (defined,) = ast.parse(answer).body
    assert isinstance(defined, ast.ClassDef) and {"__init__", "__call__"} <= {
        n.name for n in defined.body if isinstance(n, ast.FunctionDef)
    }


@pytest.mark.parametrize("first", [True, False])
def test_a_stub_beside_an_edited_copy_is_left_out(first: bool) -> None:
    nb = exercise()
    edited = copy.deepcopy(cell_of(nb, "neuron")) | {"id": "copy", "source": NEURON}
    nb["cells"].insert(place_of(nb, "neuron") + (0 if first else 1), edited)
    found = grafted(nb)
    assert found.answers["neuron"] == NEURON and said(found, "copy", "`neuron`", "left out")
    assert not [text for text in sources(found) if "neuron is not written" in text]


def test_of_two_edited_copies_both_run_and_the_last_counts() -> None:
    nb = exercise(neuron="def neuron(x, w, b):\n    return 0")
    nb["cells"].insert(place_of(nb, "check-neuron"), copy.deepcopy(cell_of(nb, "neuron")) | {"source": NEURON})
    found = grafted(nb)
    assert position(found, "def neuron(x, w, b):\n    return 0") < position(found, NEURON) < check_of(found, "neuron")
    assert said(found, "`neuron`", "the last counts")


def test_swapped_answers_go_by_what_they_define() -> None:
    found = grafted(exercise(neuron=LAYER, layer=NEURON))
    assert found.answers["neuron"] == NEURON and found.answers["layer"] == LAYER
    assert position(found, NEURON) < check_of(found, "neuron") < position(found, LAYER) < check_of(found, "layer")
    assert said(found, "`neuron`", "`layer`")


def test_a_moved_answer_runs_in_its_place_and_is_reported() -> None:
    nb = exercise(relu=RELU, neuron=NEURON)
    nb["cells"].append(nb["cells"].pop(place_of(nb, "neuron")))
    found = grafted(nb)
    assert position(found, NEURON) < check_of(found, "neuron") < position(found, RELU)
    assert [note for note in found.notes if "moved" in note and "`neuron`" in note] and not said(
        found, "`relu`", "moved"
    )


def test_an_extra_cell_stays_behind_the_cell_it_stood_behind() -> None:
    nb = exercise(neuron=NEURON)
    add(nb, "top = 1", after="bootstrap")
    add(nb, "second = 2", after="neuron")
    add(nb, "first = 1", after="neuron")
    add(nb, "late = 3", after="check-relu")
    nb["cells"].insert(0, code("%pip install torch"))
    found = grafted(nb)
    texts = sources(found)
    assert texts[0] == "%pip install torch" and texts[2] == "top = 1"
    answer = texts.index(NEURON)
    assert texts[answer + 1 : answer + 3] == ["first = 1", "second = 2"]
    assert position(found, "late = 3") == check_of(found, "relu") + 1
    assert {marks(found.notebook["cells"][position(found, "first = 1")])["role"]} == {"extra"}


def test_a_helper_below_its_use_runs_before_it_and_again_in_its_place() -> None:
    nb = exercise(neuron="def neuron(x, w, b):\n    return squash(w @ x + b)")
    nb["cells"] += [
        code("def squash(z):\n    return half(z) * 2"),
        code("half = lambda z: jnp.tanh(z) / 2"),
        code("scratch = 1"),
    ]
    found = grafted(nb)
    before = sources(found)[: check_of(found, "neuron")]
    assert "def squash(z):\n    return half(z) * 2" in before and "half = lambda z: jnp.tanh(z) / 2" in before
    assert "scratch = 1" not in before and sources(found)[-3:] == [cell["source"] for cell in nb["cells"][-3:]]
    assert said(found, "comes too late for `neuron`")


def test_a_section_moved_below_its_helper_still_finds_it() -> None:
    nb = exercise(neuron="@twice\ndef neuron(x, w, b):\n    return layer(x, w[None], b)[0] / 2", layer=LAYER)
    add(nb, "def twice(f):\n    return lambda *args: 2 * f(*args)", after="check-layer")
    start, end = place_of(nb, "neuron"), place_of(nb, "check-neuron") + 1
    section = nb["cells"][start:end]
    del nb["cells"][start:end]
    nb["cells"] += section
    texts = sources(grafted(nb))
    answer = next(place for place, text in enumerate(texts) if text.startswith("@twice"))
    assert any("def twice" in text for text in texts[:answer]) and LAYER in texts[:answer]
    assert texts.count(LAYER) == 2 and sum("count_parameters([3, 2])" in text for text in texts) == 1


def test_in_a_notebook_in_order_nothing_runs_twice() -> None:
    for lesson in LESSONS:
        nb = solution(lesson)
        for name in questions(lesson):
            add(nb, f"for_{name} = {name}\n{name} = for_{name}", after=name)
        texts = sources(grafted(nb, lesson))
        assert len(texts) == len(set(texts)) == len(list(code_cells(nb)))


def test_an_edited_given_cell_runs_after_the_exercises_own() -> None:
    nb = exercise(neuron=NEURON)
    imports, trial = cell_of(nb, "a4ccf866"), cell_of(nb, "6c94a393")
    released, tried = imports["source"], trial["source"]
    imports["source"] = "import math\n" + released
    trial["source"] = tried + "   # looks right"
    found = grafted(nb)
    texts = sources(found)
    assert texts[texts.index(released) + 1] == "import math\n" + released
    assert tried in texts and tried + "   # looks right" not in texts  # comments apart it is the same
    assert found.answers["neuron"] == NEURON


@pytest.mark.parametrize("text", ["", "# check(neuron)", "check(layer)", "check(neuron); check(neuron)"])
def test_a_check_that_was_only_changed_is_the_exercises(text: str) -> None:
    nb = exercise(neuron=NEURON)
    cell_of(nb, "check-neuron")["source"] = text
    found = grafted(nb)
    assert sources(found) == sources(grafted(exercise(neuron=NEURON)))


def test_code_in_a_check_cell_runs_before_the_check() -> None:
    nb = exercise(neuron="def neuron(x, w, b):\n    return squash(w @ x + b)")
    cell_of(nb, "check-neuron")["source"] = "squash = jnp.tanh\ncheck(neuron)"
    found = grafted(nb)
    assert position(found, "squash = jnp.tanh\ncheck(neuron)") == check_of(found, "neuron") - 1
    assert sources(found, "check").count("check(neuron)") == 1 and said(found, "check of `neuron`", "changed")


@pytest.mark.parametrize("place", ["check-neuron", "6c94a393", "check-he_init"])
def test_an_answer_written_into_another_cell_is_the_answer(place: str) -> None:
    nb = exercise()
    cell_of(nb, place)["source"] = text = NEURON + "\n" + cell_of(nb, place)["source"]
    found = grafted(nb)
    assert found.answers["neuron"] == text and "neuron" not in found.untouched
    assert position(found, text) < check_of(found, "neuron") and said(found, "`neuron`", "instead of its own")
    assert len(sources(found, "check")) == len(questions(NEURONS))


def test_a_deleted_answer_is_missing_and_its_stub_stands_there() -> None:
    nb = exercise(relu=RELU)
    del nb["cells"][place_of(nb, "neuron")]
    cell_of(nb, "layer")["source"] = " \n"
    found = grafted(nb)
    assert found.missing == {"neuron", "layer"} and found.answers["neuron"] == ""
    assert cell_of(exercise(), "neuron")["source"] in sources(found, "given")
    assert said(found, "There is no cell", "`neuron`") and found.answers["relu"] == RELU


@pytest.mark.parametrize(
    "text",
    [
        RELU,
        "relu = jax.nn.relu",
        "%%time\n" + RELU,
        "!ls\nx = 1\n" + RELU,
        "if True:\n    def relu(x):\n        return x",
    ],
)
def test_a_deleted_answer_defined_elsewhere_is_found(text: str) -> None:
    nb = exercise()
    del nb["cells"][place_of(nb, "relu")]
    nb["cells"].append(code(text))
    found = grafted(nb)
    assert found.answers["relu"] == text and not found.missing and said(found, "`relu`", "instead of its own")
    assert position(found, text) < check_of(found, "relu")


def test_a_second_try_after_the_check_does_not_count_and_is_reported() -> None:
    nb = exercise(relu=RELU)
    nb["cells"].append(code("def relu(x):\n    return 7"))
    found = grafted(nb)
    assert found.answers["relu"] == RELU and said(found, "`relu`", "its own cell was graded")
    assert position(found, "def relu(x):\n    return 7") == len(sources(found)) - 1


def test_a_use_of_a_questions_name_for_something_else_is_no_answer() -> None:
    nb = exercise()
    cell_of(nb, "check-layer")["source"] = "layer = layer(1, 2, 3)\nneuron = 3\n%%time\n"
    found = grafted(nb)
    assert found.untouched == set(questions(NEURONS))


def test_two_answers_in_one_cell_run_once_at_the_earlier_place() -> None:
    nb = exercise(layer=f"{NEURON}\n\n{LAYER}")
    del nb["cells"][place_of(nb, "neuron")]
    found = grafted(nb)
    assert found.answers["neuron"] == found.answers["layer"] == f"{NEURON}\n\n{LAYER}" and not found.missing
    assert position(found, f"{NEURON}\n\n{LAYER}") < check_of(found, "neuron") and said(found, "ran once")


def test_a_stub_does_not_undo_an_answer_given_with_another() -> None:
    found = grafted(exercise(neuron=f"{NEURON}\n\n{LAYER}"))
    assert "layer" not in found.untouched
    assert not [text for text in sources(found) if "layer is not written yet" in text and "batched" not in text]


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_a_retitled_answer_is_run_only_where_it_is_certain(kind: str) -> None:
    nb = exercise(neuron=NEURON, relu=RELU, layer="Here is `def layer`:\n\n" + LAYER)
    for name in ("neuron", "relu", "layer"):
        cell_of(nb, name)["cell_type"] = kind
    cell_of(nb, "relu")["metadata"] = {}
    cell_of(nb, "relu")["id"] = "mine"
    found = grafted(nb)
    assert found.answers["neuron"] == NEURON and said(found, "`neuron`", "not a code cell any more")
    assert found.missing == {"relu", "layer"} and said(found, "`relu`", "not run")


def test_the_set_up_never_runs_as_the_learner_changed_it() -> None:
    nb = exercise()
    cell_of(nb, "bootstrap")["source"] += "\nprint('mine')"
    found = grafted(nb)
    assert sources(found) == sources(grafted(exercise())) and said(found, "set-up")


def test_a_notebook_without_ids_and_metadata_is_matched_by_its_text() -> None:
    nb = exercise(neuron=NEURON, relu=RELU)
    expected = sources(grafted(nb))
    nb["nbformat_minor"] = 4
    for cell in nb["cells"]:
        cell["metadata"] = {}
        del cell["id"]
    found = grafted(nb)
    assert found.answers["neuron"] == NEURON and not found.missing
    assert found.untouched == set(questions(NEURONS)) - {"neuron", "relu"}
    assert sources(found) == expected


def test_duplicated_ids_and_names_lose_no_answer() -> None:
    nb = exercise(neuron=NEURON, relu=RELU)
    for _, cell in code_cells(nb):
        cell["id"] = "neuron"
        cell["metadata"] = {"nbgrader": {"grade_id": "neuron"}}
    found = grafted(nb)
    assert NEURON in found.answers["neuron"] and RELU in found.answers["relu"]
    ids = [cell["id"] for cell in found.notebook["cells"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "junk",
    [
        "def neuron(x, w, b:\n    return 1",
        "\0",
        "(" * 10_000,
        "-" * 99_000 + "1",
        "x" + ".y" * 60_000,
        "'''",
        "\ud800",
        "!ls\n" * 20_000 + "(",
        " " * 90_000 + "x(",
    ],
)
def test_code_that_cannot_be_read_is_the_answer_of_its_cell_and_takes_no_more_work_than_its_length(junk: str) -> None:
    nb, kept = exercise(neuron=junk, relu=RELU), []
    with ends_within_a_hang():
        work = calls_of(lambda: kept.append(grafted(nb)))
    # Seen: 7 calls for each character at most, and 31,000 for the rest of the notebook.
    assert work < 30 * len(junk) + 200_000
    (found,) = kept
    assert found.answers["neuron"] == junk.replace("\ud800", "?") and found.answers["relu"] == RELU


def test_more_cells_or_text_than_a_notebook_has_are_left_out_with_a_note() -> None:
    many = exercise(neuron=NEURON)
    many["cells"] += [code(f"x = {number}") for number in range(MOST_CELLS + 10)]
    found = grafted(many)
    assert len(sources(found)) <= MOST_CELLS + 50 and said(found, f"{MOST_CELLS:,} code cells")
    large = exercise(neuron=NEURON)
    large["cells"] += [code("x = 1"), code("#" * LARGEST_SOURCE), code("y = 2")]
    found = grafted(large)
    assert said(found, "5 MB") and "x = 1" in sources(found) and "y = 2" not in sources(found)
    assert found.answers["neuron"] == NEURON


def test_the_work_of_halves_and_copies_grows_with_their_number_and_not_with_its_square() -> None:
    notes = []

    def work(size: int) -> int:
        nb = exercise()
        name = cell_of(nb, "neuron")["metadata"]
        nb["cells"] += [code(f"def neuron(x):\n    y = ({n}", metadata=copy.deepcopy(name)) for n in range(size)]
        nb["cells"] += [
            code(f"def f{n}(x):\n    return f{n + 1}(x)", metadata=copy.deepcopy(name)) for n in range(size)
        ]
        return calls_of(lambda: notes.append(len(grafted(nb).notes)))

    assert_linear(work, 450)
    assert max(notes) <= 41


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from([*questions(NEURONS), "check-neuron", "bootstrap", "a4ccf866", ""]) | json_values
texts = (
    st.sampled_from([NEURON, LAYER, RELU, "    return 1", "check(neuron)", "%%time\n" + RELU, "relu = 1"]) | st.text()
)
odd_cells = json_values | st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "code", "markdown", "raw"]) | json_values,
        "source": texts | st.lists(texts | json_values, max_size=3) | json_values,
        "id": names,
        "metadata": json_values
        | st.fixed_dictionaries({"nbgrader": json_values | st.fixed_dictionaries({"grade_id": names})}),
    },
)
quick = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(json_values | st.fixed_dictionaries({"cells": json_values | st.lists(odd_cells, max_size=12)}))
def test_any_json_gives_a_valid_notebook_with_every_check(submitted: Any) -> None:
    found = grafted(submitted)
    assert [marks(cell)["question"] for cell in found.notebook["cells"] if marks(cell)["role"] == "check"] == questions(
        NEURONS
    )
    assert set(found.answers) == set(questions(NEURONS))


@quick
@given(st.sampled_from([NEURONS, CNNS]), st.randoms(use_true_random=False))
def test_cells_shuffled_split_and_copied_keep_every_answer(lesson: str, draw: random.Random) -> None:
    nb = solution(lesson)
    cells = []
    for cell in nb["cells"]:
        lines = cell["source"].split("\n")
        if cell["cell_type"] == "code" and cell["id"] in questions(lesson) and draw.random() < 0.3:
            cut = draw.randrange(1, len(lines))
            lower = copy.deepcopy(cell) | {"id": f"{cell['id']}-2", "source": "\n".join(lines[cut:])}
            cells += [cell | {"source": "\n".join(lines[:cut])}, lower]
        else:
            cells.append(cell)
        if draw.random() < 0.2:
            cells.append(copy.deepcopy(cell) | {"id": f"{cell['id']}-3"})
    units = [[cell] for cell in cells]
    if draw.random() < 0.5:  # halves keep their order, as in any notebook that worked
        units = [cells[start : start + 3] for start in range(0, len(cells), 3)]
    first_of = {cell["id"].removesuffix("-2"): place for place, cell in enumerate(cells) if cell["id"].endswith("-2")}
    if not first_of:
        draw.shuffle(units)
    nb["cells"] = [cell for unit in units for cell in unit]
    found = grafted(nb, lesson)
    assert not found.missing and not found.untouched
    order = [(marks(cell)["role"], marks(cell)["question"]) for cell in found.notebook["cells"]]
    for name in questions(lesson):
        want = [ast.dump(each) for each in ast.parse(cell_of(solution(lesson), name)["source"]).body]
        assert set(want) <= {ast.dump(each) for each in ast.parse(found.answers[name]).body}
        assert order.index(("answer", name)) < order.index(("check", name))
