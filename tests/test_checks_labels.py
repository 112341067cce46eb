"""What is special about an input is a noun phrase: it fits every sentence that names an input."""

from __future__ import annotations

import re

import numpy as np
import pytest

from course.checks import Exercise, exercises
from course.checks.outcome import Failure, Outcome
from course.checks.wording import explain

pytestmark = pytest.mark.one_set

# What a noun phrase may begin with, besides a noun in the plural (with an adjective or two) and a name such as x.
_BEGINS = re.compile(
    r"(a|an|the|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifty|forty|several|some|more|many|much|all|both|\d+) \w|x\b",
)
_PLURAL = re.compile(r"(?!(?:with|on|in|of|at|for|from|just|by)\b)(?:[a-z]+ ){0,2}[a-z]+s\b")
# What an exercise calls by a name is quoted: "curve 1". Whatever is in the quotes, it is a name.
_NAME = re.compile(r'"[^"]+"')
# Behind these words there may be a verb: it is one of another clause, or of a comparison.
_CLAUSE = re.compile(r" (?:that|which|whose|of which|where|so large|than|, but)\b.*")
_VERBS = re.compile(
    r"\b(is|are|was|were|be|has|have|had|do|does|did|gets?|got|becomes?|became|goes|went|comes|came|makes|made|stays?|stopped|runs|"
    r"ran|takes|took|can|can't|will|would|should|isn't|aren't|doesn't|don't)\b"
)
_EXERCISES = pytest.mark.parametrize("exercise", exercises().values(), ids=list(exercises()))


def _labels(exercise: Exercise) -> list[str]:
    return list(dict.fromkeys(case.label for seed in range(3) for case in exercise.draw(seed)))


def _faults(label: str) -> list[str]:
    if _NAME.fullmatch(label):
        return []
    faults = []
    if not (_BEGINS.match(label) or _PLURAL.match(label)):
        faults.append("it begins like no noun phrase")
    if _VERBS.search(_CLAUSE.sub("", label)):
        faults.append("it has a verb")
    if label != label.strip() or label[-1] in ".:;,!?" or "  " in label:
        faults.append("it has a sign at its end")
    return faults


@_EXERCISES
def test_each_label_is_a_noun_phrase(exercise: Exercise) -> None:
    assert {label: faults for label in _labels(exercise) if (faults := _faults(label))} == {}


@pytest.mark.parametrize(
    "label",
    [
        "nothing gets faster",
        "a part gets slower",
        "all of it is parallel",
        "with two workers",
        "stride 2",
        "just at 0.",
        "curve 1",
    ],
)
def test_what_is_no_noun_phrase_is_found(label: str) -> None:
    assert _faults(label)


@_EXERCISES
def test_each_sentence_that_names_an_input_reads_well(exercise: Exercise) -> None:
    """An input is on, or with, which the answer does something; a comma inside of its name is closed by one behind it."""
    for case in exercise.draw(0):
        for failure in (
            None,
            *(Failure(kind, "why") for kind in ("TypeError", "TookTooLong", "WrongAnswer", "NotImplementedError")),
        ):
            sentence = explain(case, Outcome(np.ones(1), failure), "the value is wrong.")[0]
            assert re.match(
                rf"(On {re.escape(case.label)}: |With {re.escape(case.label)}{',' * (',' in case.label)} it )", sentence
            )
            assert sentence.count("  ") == 0
