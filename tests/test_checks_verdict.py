"""Promises of what `check` says and shows: found by name, the same words everywhere, shown once, partial credit."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from toy_exercise import DOUBLE

from course import checks
from course.checks import CheckFailed, UnknownExercise, Verdict, check, judge, registry
from course.curriculum import lesson_of


@pytest.fixture(autouse=True)
def only_double(monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue holds the toy exercise, and one more name."""
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.setattr(registry, "exercises", lambda lesson=None: {"double": DOUBLE, "softmax": DOUBLE})


def double(x: Any) -> Any:
    return 2 * x


VERDICTS = {
    "right": judge(DOUBLE, double),
    "known mistake": judge(DOUBLE, lambda x: x * x),
    "hint with special characters": judge(DOUBLE, lambda x: 1 * x),
    "values": judge(DOUBLE, lambda x: 3 * x),
    "error": judge(DOUBLE, lambda x: x.nothing),
    "stub": judge(DOUBLE, lambda x: (_ for _ in ()).throw(NotImplementedError)),
    "not a function": judge(DOUBLE, "double"),
}


def words(text: str) -> list[str]:
    return re.findall(r"[\w.]*\w|[✓✗]", text)


@pytest.mark.parametrize("kind", VERDICTS)
def test_html_and_text_carry_the_same_words(kind: str) -> None:
    verdict = VERDICTS[kind]
    seen = html.unescape(re.sub(r"<[^>]*>", " ", verdict._repr_html_()))
    assert words(seen) == words(verdict.message)
    assert words(str(verdict)) == words(verdict.message)


@pytest.mark.parametrize("kind", VERDICTS)
def test_html_is_well_formed(kind: str) -> None:
    """Every tag is closed, so that a verdict can't run into the page around it."""
    tags = re.findall(r"<(/?)(\w+)[^>]*>", VERDICTS[kind]._repr_html_())
    opened: list[str] = []
    for closing, tag in tags:
        if tag == "br":
            continue
        if closing:
            assert opened.pop() == tag
        else:
            opened.append(tag)
    assert not opened


def test_what_a_learner_wrote_is_escaped() -> None:
    """Names, hints, messages and values are text, whatever they contain."""
    evil = "<script>alert(1)</script> & `<b>`"
    shown = Verdict(evil, False, evil, (evil,), ((evil, evil),))._repr_html_()
    assert "<script" not in shown
    assert "<b>`" not in shown
    assert shown.count("&lt;script&gt;") == 4
    assert "<code>&lt;b&gt;</code>" in shown


def test_backticks_and_asterisks_are_set_out_but_formulas_are_left_alone() -> None:
    shown = Verdict("f", False, "f", ("each *row* of `a * b * c`, not 2 * x * y",))._repr_html_()
    assert "each <em>row</em> of <code>a * b * c</code>, not 2 * x * y" in shown


def test_partial_credit_is_shared_equally_among_the_inputs() -> None:
    verdict = judge(DOUBLE, lambda x: 2 * x if jnp.ndim(x) else x)
    assert (verdict.cases_passed, verdict.cases, verdict.points, verdict.points_possible) == (3, 4, 3.0, 4)
    assert VERDICTS["right"].points == 4
    assert VERDICTS["not a function"].points == 0


def test_repr_is_short() -> None:
    assert repr(VERDICTS["right"]) == "<double: passed, 4 of 4 inputs right>"


def test_check_finds_the_exercise_by_name_and_returns_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    verdict = check(double)
    assert (verdict.passed, verdict.mistake) == (True, None)
    assert capsys.readouterr().out == verdict.message + "\n"


def test_check_takes_jitted_and_partial_functions_by_the_name_inside() -> None:
    assert check(jax.jit(double)).passed
    assert check(partial(double)).passed


def test_an_unknown_name_says_which_names_exist_and_the_nearest() -> None:
    def sotfmax(x: Any) -> Any:
        return x

    with pytest.raises(UnknownExercise) as error:
        check(sotfmax)
    message = str(error.value)
    assert "No exercise is called 'sotfmax'. Did you mean softmax?" in message
    assert "The names are: double, softmax." in message


def test_a_name_like_no_other_gets_no_guess() -> None:
    def zzz(x: Any) -> Any:
        return x

    with pytest.raises(UnknownExercise) as error:
        check(zzz)
    assert "Did you mean" not in str(error.value)


def test_a_lambda_is_told_to_be_a_def() -> None:
    with pytest.raises(UnknownExercise, match="a lambda has none"):
        check(lambda x: 2 * x)


@pytest.mark.parametrize("thing", ["double", 3, None, [double]])
def test_something_that_is_no_function_is_refused_in_a_sentence(thing: Any) -> None:
    with pytest.raises(UnknownExercise, match=r"check\(\) takes a function that you wrote"):
        check(thing)


def test_a_function_call_passed_instead_of_the_function_is_refused() -> None:
    with pytest.raises(UnknownExercise, match="check"):
        check(double(jnp.ones(3)))


def test_under_nbgrader_a_wrong_answer_raises_and_a_right_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert check(double).passed

    def wrong(x: Any) -> Any:
        return x * x

    wrong.__name__ = "double"
    with pytest.raises(CheckFailed, match=r"double: not right yet \(0 of 4 inputs right\)"):
        check(wrong)
    monkeypatch.delenv("NBGRADER_EXECUTION")
    assert not check(wrong).passed


def test_all_exercises_are_found_under_their_own_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name is used in two lessons: a check could not tell which is meant."""
    monkeypatch.undo()
    names = [name for lesson in registry.LESSONS for name in registry.exercises(lesson)]
    assert len(names) == len(set(names))
    assert {checks.find(name).name for name in names} == set(names)


def test_an_unknown_lesson_names_those_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(KeyError, match=f"there is no lesson '99'; there are {lesson_of('start_here')}"):
        registry.exercises("99")


HEAVY = (
    "matplotlib",
    "IPython",
    "ipywidgets",
    "sklearn",
    "mlxtend",
    "pooch",
    "rich",
    "typer",
    "nbformat",
    "flax",
    "optax",
    "pandas",
)


def _imported(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_import_course_is_light() -> None:
    """None of the packages that take long to import comes with `import course`, nor with `check`, nor with a verdict."""
    code = "import course\nfrom course import check, claim, predict, my_numbers, timed\nclaim(True, 'x')\nprint(predict('q').reveal(1, source='measured'))"
    assert _imported(code).isdisjoint(HEAVY)


def test_every_name_of_the_package_is_there() -> None:
    import course

    for name in course.__all__:
        assert getattr(course, name) is not None
    with pytest.raises(AttributeError, match="it has check, claim"):
        course.nothing  # noqa: B018
