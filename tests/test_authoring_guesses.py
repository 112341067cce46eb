"""The gates of guesses and claims fail on what they are there for."""

from __future__ import annotations

from typing import Any

import pytest
from making import code, markdown, notebook

from course.authoring.guesses import claim_problems, guess_problems

pytestmark = pytest.mark.one_set

SHOWN = [{"output_type": "execute_result", "data": {"text/html": "<div>measured here: 3</div>", "text/plain": "3"}}]
ASK = code('guess = predict("How much faster?", unit="×")\nguess')


def printed(text: str) -> list[dict[str, Any]]:
    return [{"output_type": "stream", "name": "stdout", "text": text}]


def lesson(answer: str, *, outputs: Any = SHOWN, between: str = "times = race(both)") -> Any:
    return notebook(markdown("## A section"), ASK, code(between), code(answer, outputs=outputs))


def test_a_guess_answered_at_the_end_of_a_cell_with_its_source_is_right() -> None:
    assert guess_problems(lesson('guess.reveal(times[0], source="measured")')) == []


def test_the_roof_of_the_device_is_measured() -> None:
    roof = "peak, bandwidth = measured_roof()"
    assert guess_problems(lesson('guess.reveal(peak / bandwidth, source="measured")', between=roof)) == []


@pytest.mark.parametrize(
    ("nb", "reason"),
    [
        (lesson('guess.reveal(3, source="measured")\nprint(3)'), "last expression"),
        (lesson('answer = guess.reveal(3, source="measured")'), "last expression"),
        (lesson('guess.reveal(3, source="measured")', outputs=[]), "not stored"),
        (lesson("guess.reveal(3)"), "does not say its source"),
        (lesson('guess.reveal(3, source="measured")', between="x = 4"), "no cell of its section measures anything"),
        (lesson("print(3)"), "the guess guess is never answered"),
    ],
)
def test_a_guess_that_is_not_answered_where_one_sees_it_is_found(nb: Any, reason: str) -> None:
    assert [reason in str(problem) for problem in guess_problems(nb)] == [True]


def test_a_guess_that_is_answered_twice_is_found() -> None:
    answer = code('guess.reveal(3, source="counted")', outputs=SHOWN)
    (problem,) = guess_problems(notebook(markdown("## A section"), ASK, answer, answer))
    assert "answered 2 times" in str(problem)


def test_three_claims_in_a_cell_are_one_too_many() -> None:
    two = 'claim(a, "one", a=1)\nclaim(b, "two", b=2)'
    shown = printed("✓ one:\u00a01 a\n✓ two:\u00a02 b\n")
    assert claim_problems(notebook(code(two, outputs=shown))) == []
    (problem,) = claim_problems(notebook(code(two + '\nclaim(c, "three", c=3)', outputs=shown)))
    assert "3 claims in a cell" in str(problem)


def test_a_cell_that_prints_only_check_marks_is_found() -> None:
    bare = code('claim(True, "one")', outputs=printed("✓ one\n"))
    with_figure = code('print(3)\nclaim(True, "one")', outputs=printed("3\n✓ one\n"))
    (problem,) = claim_problems(notebook(bare, with_figure))
    assert "prints only ✓" in str(problem)
