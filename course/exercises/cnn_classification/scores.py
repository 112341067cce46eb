"""precision_recall_f1, confusion_matrix: how good is it, and at what?"""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array

from course.checks.compare import describe, is_number, kind_of
from course.checks.exercise import Case, Exercise, Mistake
from course.exercises.cnn_classification.common import TOPIC

# --- precision_recall_f1 --------------------------------------------------------------------------------------------


def precision_recall_f1(labels: Array, predictions: Array, cls: int) -> tuple[Any, Any, Any]:
    """Precision, recall and F1 of the class `cls`; what would be divided by zero is 0."""
    return _three(*_counts(labels, predictions, cls))


def _counts(labels: Array, predictions: Array, cls: int) -> tuple[int, int, int]:
    """True positives, false positives, false negatives."""
    is_it, said = np.asarray(labels) == cls, np.asarray(predictions) == cls
    return int((is_it & said).sum()), int((~is_it & said).sum()), int((is_it & ~said).sum())


def _three(right: int, false: int, missed: int, empty: float = 0.0) -> tuple[float, float, float]:
    def share(part: float, whole: float) -> float:
        return part / whole if whole else empty

    return (
        share(right, right + false),
        share(right, right + missed),
        share(2 * right, 2 * right + false + missed) if right else empty,
    )


def _from_shares(precision: float, recall: float) -> tuple[float, float, float]:
    """Precision and recall as they were found, and the F1 that follows from them."""
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _one_for_nothing(labels: Array, predictions: Array, cls: int) -> tuple[float, ...]:
    right, false, missed = _counts(labels, predictions, cls)
    precision = right / (right + false) if right + false else 1.0
    recall = right / (right + missed) if right + missed else 1.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 1.0


def _precision_of_all(labels: Array, predictions: Array, cls: int) -> tuple[float, ...]:
    share = _counts(labels, predictions, cls)[0] / len(labels)
    return _from_shares(share, precision_recall_f1(labels, predictions, cls)[1])


def _accuracy(labels: Array, predictions: Array, cls: int) -> tuple[float, ...]:
    right = float((np.asarray(labels) == np.asarray(predictions)).mean())
    return _from_shares(right, precision_recall_f1(labels, predictions, cls)[1])


def _all_right(labels: Array, predictions: Array, cls: int) -> tuple[float, ...]:
    right = int((np.asarray(labels) == np.asarray(predictions)).sum())
    said, is_it = (int((np.asarray(x) == cls).sum()) for x in (predictions, labels))
    return _from_shares(right / said if said else 0.0, right / is_it if is_it else 0.0)


def _and(labels: Array, predictions: Array, cls: int) -> int:
    # Without parentheses Python reads `a == c & b == c` as `a == (c & b) and (c & b) == c`, which stops in the same way.
    return int((labels == cls) and (predictions == cls))


def _macro(labels: Array, predictions: Array, cls: int) -> tuple[float, ...]:
    each = [precision_recall_f1(labels, predictions, c) for c in range(1 + int(max(labels.max(), predictions.max())))]
    return tuple(float(np.mean(column)) for column in zip(*each, strict=True))


def _mean_f1(labels: Array, predictions: Array, cls: int) -> tuple[float, ...]:
    precision, recall, _ = precision_recall_f1(labels, predictions, cls)
    return precision, recall, (precision + recall) / 2


def _python_division(labels: Array, predictions: Array, cls: int) -> tuple[float, ...]:
    right, false, missed = _counts(labels, predictions, cls)
    precision, recall = right / (right + false), right / (right + missed)
    return precision, recall, 2 * precision * recall / (precision + recall)


def _as_float32(scores: Any, *args: Any) -> Any:
    """The measure: a plain 0 is as good as 0.0, a Python float as an array's float32, and an array of three numbers as the three."""
    if isinstance(scores, np.ndarray) and scores.ndim == 1:
        scores = tuple(scores)
    if not isinstance(scores, (tuple, list)):
        return scores
    return tuple(
        np.float32(score) if is_number(score) and kind_of(score) in ("b", "i", "f") else score for score in scores
    )


def _some_labels(rng: np.random.Generator, n: int, classes: int, right: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels, every class among them, and predictions of which a share is right and the rest leans to low classes."""
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    rng.shuffle(labels)
    others = rng.integers(0, classes, n) * rng.integers(0, 2, n)
    predictions = np.where(rng.uniform(size=n) < right, labels, others)
    return labels.astype(np.int32), predictions.astype(np.int32)


def _scores_case(label: str, labels: np.ndarray, predictions: np.ndarray, cls: int) -> Case:
    shown = f"labels = {describe(labels)}\npredictions = {describe(predictions)}\ncls = {cls}"
    return Case(label, (labels, predictions, cls), shown)


def _scores_cases(rng: np.random.Generator) -> list[Case]:
    def mixed(labels: list[int], predictions: list[int], others: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """These examples and `others` that have nothing to do with class 1, in any order."""
        beside = 2 * rng.integers(0, 2, (2, others))
        both = np.concatenate([[labels, predictions], beside], axis=1).astype(np.int32)
        first, second = both[:, rng.permutation(both.shape[1])]
        return first, second

    few = mixed([1, 1, 1, 0, 2, 0, 2, 2], [1, 0, 2, 1, 2, 0, 2, 0])
    return [
        _scores_case(
            "a class that is never predicted",
            *mixed([0, 1, 2, 1, 0], [0, 2, 2, 0, 0], 9),
            1,
        ),
        _scores_case(
            "a class that never occurs, but is predicted",
            *mixed([0, 2, 2, 0], [0, 1, 2, 1], 9),
            1,
        ),
        _scores_case(
            "a class that is predicted, but never correctly",
            *mixed([0, 1, 2, 0], [0, 2, 1, 1], 9),
            1,
        ),
        _scores_case("eight examples, three classes", *few, 1),
        _scores_case("the same examples, another class", *few, 2),
        _scores_case("two hundred examples, class 0", *_some_labels(rng, 200, 5, 0.7), 0),
        _scores_case("two hundred examples, class 3", *_some_labels(rng, 200, 5, 0.6), 3),
    ]


PRECISION_RECALL_F1 = Exercise(
    name="precision_recall_f1",
    topic=TOPIC,
    points=3,
    reference=precision_recall_f1,
    cases=_scores_cases,
    measure=_as_float32,
    parts=("the precision", "the recall", "F1"),
    edges=(
        "a class that is never predicted",
        "a class that never occurs, but is predicted",
        "a class that is predicted, but never correctly",
    ),
    mistakes=(
        Mistake(
            "swapped",
            "Precision and recall are swapped. Precision looks at what was *predicted* as the class, "
            "recall at what *is* of the class.",
            lambda labels, predictions, cls: precision_recall_f1(predictions, labels, cls),
        ),
        Mistake(
            "plain mean",
            "F1 is the plain mean of the two. It is their harmonic mean, which lies nearer to the smaller one.",
            _mean_f1,
        ),
        Mistake(
            "half",
            "F1 is half of what it should be: it lacks a factor.",
            lambda labels, predictions, cls: (
                *(scores := precision_recall_f1(labels, predictions, cls))[:2],
                scores[2] / 2,
            ),
        ),
        Mistake(
            "not a number",
            "Where there is nothing to divide by, you return NaN. By agreement the score is 0 there.",
            lambda labels, predictions, cls: _three(*_counts(labels, predictions, cls), empty=float("nan")),
        ),
        Mistake(
            "division by zero",
            "It stops where there is nothing to divide by: a class that is never predicted, or that never occurs. "
            "By agreement the score is 0 there.",
            _python_division,
        ),
        Mistake(
            "accuracy",
            "Your precision is the accuracy: the share of *all* examples that are right. "
            "Precision asks only about those that were predicted as the class.",
            _accuracy,
        ),
        Mistake(
            "divided by all",
            "The right count was divided by the number of all examples. Precision and recall each divide it by a smaller "
            "group: those said to be the class, those that are.",
            lambda labels, predictions, cls: _from_shares(*2 * (_counts(labels, predictions, cls)[0] / len(labels),)),
        ),
        Mistake(
            "right ones of all classes",
            "What you divide is the number of *all* right answers, of every class. "
            "Of this class only those count that are of it and were said to be.",
            _all_right,
        ),
        Mistake(
            "and",
            "Python asked whether a whole array is true, which has no answer. `and` does that, and so do two comparisons "
            "that are joined by `&` without parentheses around each: `&` goes before `==`.",
            _and,
        ),
        Mistake(
            "percent",
            "These are percent. A share lies between 0 and 1.",
            lambda labels, predictions, cls: tuple(100 * x for x in precision_recall_f1(labels, predictions, cls)),
        ),
        Mistake(
            "geometric mean",
            "F1 is the geometric mean of the two. It is their harmonic mean, which lies nearer to the smaller one.",
            lambda labels, predictions, cls: (
                *(two := precision_recall_f1(labels, predictions, cls)[:2]),
                (two[0] * two[1]) ** 0.5,
            ),
        ),
        Mistake(
            "1 for nothing",
            "Where there is nothing to divide by, you return 1. By agreement the score is 0 there.",
            _one_for_nothing,
        ),
        Mistake(
            "precision of all",
            "Your precision divides by the number of all examples. It asks only about those that were predicted as the class.",
            _precision_of_all,
        ),
        Mistake(
            "mean over the classes",
            "These are means over all classes. The scores of one class were asked for.",
            _macro,
        ),
        Mistake(
            "always class 1",
            "The scores are those of class 1, whatever `cls` says.",
            lambda labels, predictions, cls: precision_recall_f1(labels, predictions, 1),
        ),
    ),
)


# --- confusion_matrix -----------------------------------------------------------------------------------------------


def confusion_matrix(labels: Array, predictions: Array, n: int) -> np.ndarray:
    """How often class i was taken for class j: `(n, n)` whole numbers, the truth in the rows."""
    matrix = np.zeros((n, n), np.int32)
    np.add.at(matrix, (np.asarray(labels), np.asarray(predictions)), 1)
    return matrix


def _confusion_cases(rng: np.random.Generator) -> list[Case]:
    def mixed(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        labels, predictions = np.array(pairs, np.int32)[rng.permutation(len(pairs))].T
        return labels, predictions

    zeros = np.zeros(270, np.int32)
    low, high, few, several = (int(n) for n in rng.integers([0, 15, 17, 5], [14, 16, 60, 40]))
    return [
        Case("one example", (*mixed([(low, high)]), few)),
        Case("six examples", (*mixed([(0, 0), (0, 1), (1, 1), (1, 1), (1, 0), (2, 1)]), 3)),
        Case("a class that never occurs", (*mixed([(0, 1), (3, 3), (3, 0), (1, 1), (0, 1)]), several)),
        # More of one pair than eight bits can count.
        Case(
            "four classes, most examples of one",
            (*(np.append(some, zeros) for some in _some_labels(rng, 100, 4, 0.6)), 4),
        ),
        Case("three hundred examples, ten classes", (*_some_labels(rng, 300, 10, 0.8), 10)),
    ]


CONFUSION_MATRIX = Exercise(
    name="confusion_matrix",
    topic=TOPIC,
    points=2,
    reference=confusion_matrix,
    cases=_confusion_cases,
    edges=("one example", "a class that never occurs"),
    mistakes=(
        Mistake(
            "transposed",
            "Rows and columns are swapped. Row i is for the images that *are* of class i.",
            lambda labels, predictions, n: confusion_matrix(predictions, labels, n),
        ),
        Mistake(
            "shares",
            "Your rows are shares that add up to 1. Asked for are the counts themselves.",
            lambda labels, predictions, n: (
                (matrix := confusion_matrix(labels, predictions, n)) / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
            ).astype(np.float32),
        ),
        Mistake(
            "divided by the classes",
            "The counts were divided by the number of classes. Asked for are the counts themselves.",
            lambda labels, predictions, n: (confusion_matrix(labels, predictions, n) / n).astype(np.float32),
        ),
        Mistake(
            "divided by the examples",
            "The counts were divided by the number of examples. Asked for are the counts themselves.",
            lambda labels, predictions, n: (confusion_matrix(labels, predictions, n) / len(labels)).astype(np.float32),
        ),
        Mistake(
            "nothing counted",
            "The table is still all zeros. JAX arrays don't change: `.at[…].add(…)` returns a *new* array. "
            "What happens to it in your code?",
            lambda labels, predictions, n: np.zeros((n, n), np.int32),
        ),
        Mistake(
            "only the right ones",
            "Only the diagonal is filled. The mistakes, which this matrix is made for, were not counted.",
            lambda labels, predictions, n: confusion_matrix(labels, predictions, n) * np.eye(n, dtype=np.int32),
        ),
        Mistake(
            "only the wrong ones",
            "The diagonal is empty. The images that were recognized are counted too.",
            lambda labels, predictions, n: confusion_matrix(labels, predictions, n) * (1 - np.eye(n, dtype=np.int32)),
        ),
        Mistake(
            "yes or no",
            "Each entry says *whether* the pair occurs, and should say how often. "
            "`=+ 1` and `.set(1)` write a 1 whatever was there, and NumPy's `m[rows, columns] += 1` counts a place that "
            "comes twice only once.",
            lambda labels, predictions, n: np.minimum(confusion_matrix(labels, predictions, n), 1),
        ),
        Mistake(
            "floats",
            "The counts are right, but they are floating-point numbers. Counts are whole numbers: look at the dtype.",
            lambda labels, predictions, n: confusion_matrix(labels, predictions, n).astype(np.float32),
        ),
        Mistake(
            "one class too many",
            "The matrix has a row and a column too many. n classes are numbered from 0 to n − 1.",
            lambda labels, predictions, n: confusion_matrix(labels, predictions, n + 1),
        ),
        Mistake(
            "counted from 1",
            "Everything is shifted by one row and one column. The classes are numbered from 0.",
            lambda labels, predictions, n: np.roll(confusion_matrix(labels, predictions, n), (-1, -1), (0, 1)),
        ),
    ),
)
