"""Right answers pass, however they are written: what is in `right_answers/` was written from the exercises' texts alone."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import pytest
from seeds import SEEDS

from course.checks import exercises, judge
from course.checks.judge import attempt, marking
from course.checks.wire import decode_outcome, encode_outcome

FILES = sorted((Path(__file__).parent / "right_answers").glob("*.py"))
ALL = exercises()
# Its answers are networks, each of which has to be trained.
TRAINED = {"classify"}


def cells(file: Path) -> list[tuple[str, str]]:
    """The cells of a file, each a title and its code; the first holds the imports."""
    pieces = re.split(r"^# %% (.*)\n", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return list(zip(pieces[::2], pieces[1::2], strict=True))


ANSWERS = {title: (file, code) for file in FILES for title, code in cells(file)[1:]}


def run(file: Path, title: str, code: str) -> Any:
    """What a cell makes under the exercise's name, as in a notebook: its source is found, and it is in no module."""
    space: dict[str, Any] = {"__name__": "__main__"}
    for name, text in (("imports", cells(file)[0][1]), (title, code)):
        where = f"<{name}>"
        linecache.cache[where] = (len(text), None, text.splitlines(keepends=True), where)
        exec(compile(text, where, "exec"), space)
    return space[title.partition(":")[0]]


# A kernel of the simulator is judged in a moment; what JAX has to compile takes a second an answer.
QUICK = (
    *("scale_kernel", "blend_kernel", "add_kernel", "mirror_kernel", "outer_add", "transpose_naive", "repair_tint"),
    *(
        "neighbor_sum",
        "transpose_tiled",
        "block_sum",
        "convolve_kernel",
        "matmul_tiled",
        "diagnose_kernel",
        "estimate_gpu",
    ),
)


def _params(titles: Iterable[str]) -> list[Any]:
    return [pytest.param(t, marks=() if t.startswith(QUICK) else pytest.mark.thorough) for t in titles]


# What has to be compiled is tried on one draw.
DRAWS = [
    pytest.param(title, seed, marks=() if title.startswith(QUICK) else pytest.mark.thorough)
    for title in ANSWERS
    for seed in (SEEDS if title.startswith(QUICK) else SEEDS[:1])
]


@pytest.mark.parametrize(("title", "seed"), DRAWS)
def test_a_right_answer_passes_however_it_is_written(title: str, seed: int) -> None:
    """By `check`, and by the grader, to which all that came travels as text."""
    file, code = ANSWERS[title]
    exercise, function = ALL[title.partition(":")[0]], run(file, title, code)
    marks = marking(exercise, seed)
    got = marks.collect(partial(attempt, exercise, function))
    verdict = marks.verdict(got)
    assert verdict.passed, verdict.message
    assert marks.verdict([decode_outcome(encode_outcome(one)) for one in got]).passed


def test_every_exercise_has_at_least_four_right_answers_besides_its_reference() -> None:
    counts = {name: sum(title.startswith(f"{name}:") for title in ANSWERS) for name in ALL}
    # A letter is right in one way only.
    chosen = {name for name, one in ALL.items() if one.chosen}
    assert {name for name, count in counts.items() if count < 4} - chosen == TRAINED


SETTINGS = {
    "jax_enable_x64": True,
    "jax_numpy_dtype_promotion": "strict",
    "jax_numpy_rank_promotion": "raise",
    "jax_debug_nans": True,
}


def _last_of_each() -> list[str]:
    """One answer of each exercise."""
    return list({title.partition(":")[0]: title for title in ANSWERS}.values())


@pytest.mark.parametrize("title", _params(_last_of_each()))
def test_a_right_answer_passes_whatever_the_learner_has_set(title: str) -> None:
    """Its cell is run under the settings, too, so that an array that it makes is one of theirs."""
    file, code = ANSWERS[title]
    before = {name: jax.config.values[name] for name in SETTINGS}
    try:
        for name, value in SETTINGS.items():
            jax.config.update(name, value)
        exercise = ALL[title.partition(":")[0]]
        verdict = judge(exercise, run(file, title, code))
        assert verdict.passed, verdict.message
    finally:
        for name, value in before.items():
            jax.config.update(name, value)
