"""Results of a class that never was, as the grader would have them."""

from __future__ import annotations

import random
from typing import Any

from course.curriculum import lesson_of
from course.grading.marking.similarity import Pair
from course.grading.model import (
    FAILED,
    GRADED,
    MISSING,
    NOT_GRADABLE,
    NOT_WRITTEN,
    PARTLY,
    RIGHT,
    STOPPED,
    WRONG,
    QuestionResult,
    Result,
)

NEURON, CNN = lesson_of("the_neuron"), lesson_of("cnn_classification")
POINTS = {
    NEURON: {
        "neuron": 2,
        "layer": 2,
        "batched_layer": 3,
        "relu": 1,
        "softmax": 3,
        "xor_network": 3,
        "count_parameters": 1,
        "he_init": 2,
    },
    CNN: {"conv2d": 3, "max_pool": 2, "cross_entropy": 3, "train_step": 4},
}
HINTS = {
    "softmax": (
        "no_shift",
        "Large inputs overflow: `jnp.exp(1000.)` is `inf`. Subtract the largest input of *each row* first.",
    ),
    "batched_layer": ("transposed", "y has shape `(3, 8)`: you computed `W @ X.T`; a batch is `X @ W.T`."),
    "he_init": ("glorot", "The spread is that of Glorot. He's has *twice* the variance over the inputs alone."),
}
CODE = {
    "softmax": "def softmax(z):\n    # one row a sample\n    e = jnp.exp(z)\n    return e / e.sum(axis=-1, keepdims=True)\n",
    "xor_network": "def xor_network():\n"
    + "".join(f"    w{i} = jnp.array([{i}.0, -{i}.5])  # unit {i}\n" for i in range(24))
    + "    return w0",
}
NAMES = (
    "Ada Lovelace",
    "Emmy Noether",
    "Katherine Johnson",
    "Nguyễn Thị Hà",
    "José Peña",
    "Łukasz Żak",
    "王小明",
    "Søren Ångström",
)


def question(
    name: str, state: str = RIGHT, possible: float = 2, share: float | None = None, **more: Any
) -> QuestionResult:
    """One question as the grader tells it; `share` is the part of its eight inputs that is right."""
    share = {RIGHT: 1.0, PARTLY: 0.625}.get(state, 0.0) if share is None else share
    cases = 0 if state in (NOT_WRITTEN, MISSING) else 8
    right = round(share * cases)
    told = {
        RIGHT: f"right, on all {cases} inputs",
        NOT_WRITTEN: "not written yet",
        MISSING: "missing",
        STOPPED: "stopped",
    }
    fields: dict[str, Any] = {
        "cases_passed": right,
        "cases": cases,
        "headline": f"{name}: {told.get(state, f'not right yet ({right} of {cases} inputs right)')}",
        "code": CODE.get(name, f"def {name}(x):\n    return x  # {name}\n") if cases else "",
        "seconds": 0.4,
    }
    if state in (PARTLY, WRONG) and name in HINTS:
        fields["mistake"], hint = HINTS[name]
        fields["text"] = (hint,)
    if state == PARTLY:
        fields["failed"] = ("large numbers", "a batch of one")
    if state == STOPPED:
        fields["limits"] = ("It ran longer than 300 seconds, so it was stopped.",)
    return QuestionResult(name, state, possible * right / cases if cases else 0.0, possible, **{**fields, **more})


def result(learner: str = "ada", lesson: str = NEURON, *questions: QuestionResult, **more: Any) -> Result:
    """A graded submission; without `questions`, all of its lesson's, right."""
    own = questions or tuple(question(name, possible=possible) for name, possible in POINTS.get(lesson, {}).items())
    fields: dict[str, Any] = {
        "key": f"{learner}-{lesson}",
        "shown": f"{learner}/{lesson}.ipynb",
        "status": GRADED,
        "seed": 7,
        "seconds": 12.5,
        "peak_mb": 612.0,
        "versions": {"python": "3.12.4", "jax": "0.9.0"},
        "graded_at": "2026-03-01T10:00:00Z",
    }
    return Result(learner=learner, lesson=lesson, questions=own, **{**fields, **more})


def not_gradable(learner: str, problem: str, lesson: str = NEURON, **more: Any) -> Result:
    """A submission that can't be graded: zero points for each question."""
    none = tuple(question(name, MISSING, possible) for name, possible in POINTS.get(lesson, {}).items())
    return result(learner, lesson, *none, status=NOT_GRADABLE, problem=problem, seconds=0.0, peak_mb=0.0, **more)


def failed(learner: str, lesson: str = NEURON, **more: Any) -> Result:
    """A submission at which the grader itself broke."""
    return result(learner, lesson, status=FAILED, problem="The worker ended without an answer; grade it again.", **more)


def pair(one: str, other: str, share: float = 0.93, common: int = 41, **more: Any) -> Pair:
    """Two of a class who are alike."""
    return Pair(one, other, share, common, **{"lesson": NEURON, **more})


def make_class(size: int, *lessons: str, seed: int = 1) -> list[Result]:
    """A class of `size` learners: most do well, few do badly, some files are broken."""
    draw = random.Random(seed)
    made = []
    for index in range(size):
        able = min(1.0, max(0.05, draw.gauss(0.75, 0.2)))
        learner = f"learner_{index:03}"
        identity = {
            "name": NAMES[index % len(NAMES)],
            "canvas_user": str(4000 + index),
            "moodle_participant": str(70_000 + index),
        }
        for lesson in lessons or (NEURON,):
            if draw.random() < 0.02:
                problem = "The file is empty; hand in the notebook again, and look at it once it is uploaded."
                made.append(not_gradable(learner, problem, lesson, identity=identity))
                continue
            states = [
                draw.choices((RIGHT, PARTLY, WRONG, NOT_WRITTEN, STOPPED), (able * 8, 1, 1.5, 1 - able, 0.08))[0]
                for _ in POINTS[lesson]
            ]
            own = [
                question(name, state, points, code="" if state == NOT_WRITTEN else f"{CODE.get(name, '')}# {learner}\n")
                for (name, points), state in zip(POINTS[lesson].items(), states, strict=True)
            ]
            notes = ("late",) if draw.random() < 0.05 else ()
            made.append(result(learner, lesson, *own, identity=identity, notes=notes, seconds=draw.uniform(3, 40)))
    return made
