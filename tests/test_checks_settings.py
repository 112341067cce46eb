"""Promises of JAX's settings: no verdict depends on the learner's, they are put back, and what a lesson counts on is said."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import Enum
from functools import partial
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toy_exercise import DOUBLE

from course import claim, settings
from course.checks import Exercise, exercises, judge, probes
from course.checks.judge import Marking, attempt, marking
from course.claims import ClaimFailed
from course.device import device_card, measured_roof

# What a learner may have set, each otherwise than JAX comes.
ODD: dict[str, Any] = {
    "jax_enable_x64": True,
    "jax_explicit_x64_dtypes": "error",
    "jax_default_dtype_bits": "32",
    "jax_numpy_dtype_promotion": "strict",
    "jax_numpy_rank_promotion": "raise",
    "jax_default_matmul_precision": "bfloat16",
    "jax_allow_f16_reductions": False,
    "jax_debug_nans": True,
    "jax_debug_infs": True,
    "jax_debug_key_reuse": True,
    "jax_disable_jit": True,
    "jax_check_tracer_leaks": True,
    "jax_check_static_indices": True,
    "jax_enable_checks": True,
    "jax_no_tracing": True,
    "jax_no_execution": True,
    "jax_default_prng_impl": "rbg",
    "jax_threefry_partitionable": False,
    "jax_random_seed_offset": 7,
    "jax_safer_randint": False,
    "jax_high_dynamic_range_gumbel": True,
    "jax_enable_custom_prng": True,
    "jax_legacy_prng_key": "error",
    "jax_transfer_guard": "disallow",
}
KNOWN = {name: value for name, value in ODD.items() if name in jax.config.values}
each_setting = pytest.mark.parametrize("name", KNOWN)
pytestmark = pytest.mark.filterwarnings("ignore:The jax_.* configuration is deprecated:DeprecationWarning")

ALL = exercises()


@pytest.fixture
def choose() -> Iterator[Callable[..., None]]:
    """`choose(jax_enable_x64=True)`, as a cell would; all is as before when the test ends."""
    before = dict(jax.config.values)

    def update(**chosen: Any) -> None:
        for name, value in chosen.items():
            old = before[name]
            jax.config.update(name, type(old)[value.upper()] if isinstance(old, Enum) else value)

    yield update
    for name, value in before.items():
        if jax.config.values[name] != value:
            jax.config.update(name, value)


def verdict_of(exercise: Exercise, function: Any) -> Any:
    """The verdict of a marking that is made now: `judge` keeps one that was made before."""
    marks = Marking(exercise)
    return marks.verdict(marks.collect(partial(attempt, exercise, function)))


# --- The verdict ------------------------------------------------------------------------------------------------------


@each_setting
def test_no_setting_changes_a_verdict(name: str, choose: Callable[..., None]) -> None:
    choose(**{name: KNOWN[name]})
    marking.cache_clear()
    exercise = ALL["softmax_cross_entropy_backward"]
    assert judge(exercise, exercise.reference).passed
    for mistake in exercise.mistakes[:2]:
        assert judge(exercise, mistake.wrong).mistake == mistake.name


@pytest.mark.parametrize("name", ALL)
def test_all_settings_together_change_no_verdict(name: str, choose: Callable[..., None]) -> None:
    """What the exercise is made of, too: its inputs, the right answers and those of the mistakes."""
    exercise = ALL[name]
    choose(**KNOWN)
    assert verdict_of(exercise, exercise.reference).passed
    assert {verdict_of(exercise, one.wrong).mistake for one in exercise.mistakes[:1]} == {exercise.mistakes[0].name}


def test_all_that_an_exercise_is_made_of_runs_under_the_courses_settings(choose: Callable[..., None]) -> None:
    seen: dict[str, Any] = {}

    def noting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any) -> Any:
            seen[name] = settings._others(jax)
            return function(*args)

        return noted

    mistake = DOUBLE.mistakes[0]
    exercise = replace(
        DOUBLE,
        cases=noting("cases", DOUBLE.cases),
        reference=noting("reference", DOUBLE.reference),
        mistakes=(replace(mistake, wrong=noting("mistake", mistake.wrong)),),
        measure=noting("measure", DOUBLE.measure),
        accept=noting("accept", lambda got, want, x: None if np.allclose(got, want) else "no"),
        remark=noting("remark", lambda raw, x: None),
    )
    choose(**KNOWN)
    assert judge(exercise, exercise.reference).passed
    assert not judge(exercise, lambda x: x * x).passed
    assert seen == {part: {} for part in ("cases", "reference", "mistake", "measure", "accept", "remark")}


def test_what_the_grader_tries_is_what_the_notebook_tries(choose: Callable[..., None]) -> None:
    """The probe runs beside the submission, whose cells may have chosen settings."""
    choose(jax_enable_x64=True, jax_disable_jit=True)
    outcome = probes.answer(DOUBLE.address, lambda x: jnp.ones(3) * x, (np.ones(3, np.float32),), 5.0)
    assert outcome.value.dtype == np.float32


def test_a_function_that_was_compiled_before_is_judged_as_if_it_were_new(choose: Callable[..., None]) -> None:
    choose(jax_enable_x64=True, jax_numpy_rank_promotion="raise")
    double = jax.jit(lambda x: x * jnp.array(2.0))
    assert double(jnp.ones(3)).dtype == jnp.float64
    seen = []

    def tried(x: Any) -> Any:
        seen.append(double(x))
        return seen[-1]

    assert judge(DOUBLE, tried).passed
    assert all(one.dtype == jnp.float32 for one in seen)


def test_a_setting_of_a_with_block_is_undone_as_well() -> None:
    seen = []

    def tried(x: Any) -> Any:
        seen.append(settings.notes())
        return 2 * x

    with jax.disable_jit(), jax.debug_nans(True), jax.numpy_dtype_promotion("strict"):
        judge(DOUBLE, tried)
        assert len(settings.notes()) == 3
    assert seen == [[]] * len(DOUBLE.draw(0))


def test_the_roof_of_the_device_is_that_of_float32(
    choose: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from course import device

    dtypes = []
    monkeypatch.setattr(device, "_measured_flops", device._measured_flops.__wrapped__)
    monkeypatch.setattr(device, "_measured_bandwidth", device._measured_bandwidth.__wrapped__)

    def took(values: Any) -> Any:
        dtypes.append(jnp.ones(2).dtype)
        return SimpleNamespace(low_s=1.0)

    monkeypatch.setattr(device, "timed", lambda *args, **more: took(args))
    monkeypatch.setattr(device, "race", lambda contestants, **more: {name: took(name) for name in contestants})
    choose(jax_enable_x64=True)
    measured_roof()
    assert set(dtypes) == {jnp.dtype("float32")}


# --- The learner's settings are put back ------------------------------------------------------------------------------


def ends_well(x: Any) -> Any:
    return 2 * x


def stops(x: Any) -> Any:
    raise ValueError("no")


def is_interrupted(x: Any) -> Any:
    raise KeyboardInterrupt


@pytest.mark.parametrize("function", [ends_well, stops, is_interrupted])
def test_the_learners_settings_are_put_back_however_it_ends(function: Any, choose: Callable[..., None]) -> None:
    choose(**KNOWN)
    before = dict(jax.config.values)
    seen = []

    def tried(x: Any) -> Any:
        seen.append(settings._others(jax))
        return function(x)

    try:
        judge(DOUBLE, tried)
    except KeyboardInterrupt:
        assert function is is_interrupted
    assert seen[0] == {}
    assert jax.config.values == before


def test_where_nothing_is_set_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else JAX would trace again what a notebook has traced."""
    monkeypatch.setattr(settings, "_set", lambda *args: pytest.fail(f"it sets {args}"))
    with settings.own():
        assert settings.notes() == settings.left_behind() == []


# --- What is said -----------------------------------------------------------------------------------------------------


@each_setting
def test_a_note_names_the_setting_and_says_what_to_do(name: str, choose: Callable[..., None]) -> None:
    choose(**{name: KNOWN[name]})
    (note,) = settings.notes()
    assert name in note
    code = note.partition("`")[2].partition("`")[0]
    exec(code, {})  # what it says is Python that does it
    assert settings.notes() == []


def test_arrays_that_were_made_under_a_setting_are_named_where_a_check_fails(choose: Callable[..., None]) -> None:
    choose(jax_enable_x64=True, jax_debug_nans=True)
    index = jnp.arange(1)

    def double(x: Any) -> Any:
        return 2 * x + x[index - index]  # 64 bits meet 32 in it

    text = " ".join(judge(DOUBLE, double).text)
    assert "jax_enable_x64 is True, and the check ran without it" in text
    assert 'jax.config.update("jax_enable_x64", False)' in text
    assert "debug_nans" not in text  # which leaves nothing behind


@pytest.mark.parametrize("function", [ends_well, lambda x: x * x])
def test_nothing_is_said_of_settings_where_the_verdict_says_it_all(function: Any, choose: Callable[..., None]) -> None:
    choose(jax_enable_x64=True)
    assert "jax_" not in judge(DOUBLE, function).message


def test_a_claim_that_fails_names_the_setting(choose: Callable[..., None]) -> None:
    choose(jax_enable_x64=True)
    with pytest.raises(ClaimFailed, match="jax_enable_x64 is True"):
        claim(jnp.array(0.1).dtype == "float32", "0.1 is float32 in JAX")


def test_the_device_card_names_the_setting(choose: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course.device._rates", lambda device: [])
    choose(jax_disable_jit=True)
    assert "jax_disable_jit is True" in repr(device_card())
    choose(jax_disable_jit=False)
    assert "jax_" not in repr(device_card())


def test_a_precision_that_a_lesson_chooses_itself_is_not_complained_of(
    choose: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(jax_default_matmul_precision="highest")
    assert settings.notes() == []
    monkeypatch.setenv("JAX_DEFAULT_MATMUL_PRECISION", "highest")
    assert len(settings.notes()) == 1


def test_a_notebook_says_it_once_below_the_cell_and_again_below_one_that_fails(
    choose: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    watch = settings._Watch()

    def says(error: Exception | None = None) -> int:
        watch.after_cell(SimpleNamespace(error_in_exec=error))
        return capsys.readouterr().out.count("jax_numpy_rank_promotion is raise")

    assert says() == 0
    choose(jax_numpy_rank_promotion="raise")
    assert [says(), says(), says(ValueError()), says()] == [1, 0, 1, 0]
    choose(jax_numpy_rank_promotion="allow")
    assert says(ValueError()) == 0
    choose(jax_numpy_rank_promotion="raise")
    assert says() == 1


_SESSION = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("import jax\\nfrom course import check")
print("-- next")
shell.run_cell("def double(x): return 2 * x")
print("-- next")
shell.run_cell("jax.config.update('jax_debug_nans', True)")
"""


def test_a_notebook_tells_of_the_environment_in_the_first_cell_that_has_the_course_and_of_a_cell_in_it(
    tmp_path: Any,
) -> None:
    env = {**os.environ, "JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu", "IPYTHONDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", _SESSION], env=env, capture_output=True, text=True, check=True)
    first, second, third = done.stdout.split("-- next")
    assert first.count("JAX_ENABLE_X64=1 is set: the course's numbers are float32") == 1
    assert "⚠" not in second
    assert "jax_debug_nans is True" in third and "X64" not in third


# --- The table --------------------------------------------------------------------------------------------------------


def test_every_setting_of_the_table_is_tried_here() -> None:
    judged = {name for name, one in settings._SETTINGS.items() if one.judged}
    guards = {name for name in judged if name.startswith("jax_transfer_guard_")}
    assert judged - guards == set(ODD) - {"jax_transfer_guard"}


def test_jax_comes_as_the_course_counts_on_it() -> None:
    """In the versions of JAX that the tests run under; a new default would make every check trace anew."""
    code = "import jax; from course import settings; print(settings._others(jax))"
    env = {name: value for name, value in os.environ.items() if name.lower() not in settings._SETTINGS}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "{}"
