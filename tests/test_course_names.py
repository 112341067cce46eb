"""Promises of `import course`: it is light, its names are there, and matplotlib comes only with the first picture."""

from __future__ import annotations

import subprocess
import sys

import pytest

import course

SLOW = ("matplotlib", "flax", "optax", "sklearn", "ipywidgets", "anywidget")
ASK = f"import sys; print(*(name for name in {SLOW} if name in sys.modules))"


def _loaded_after(code: str) -> list[str]:
    ran = subprocess.run([sys.executable, "-c", f"{code}\n{ASK}"], capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()[-1].split() if ran.stdout.strip() else []


def test_all_names_of_a_lessons_first_cell_wait_with_what_is_slow() -> None:
    names = ", ".join(name for name in course.__all__ if not name.startswith("_"))
    assert _loaded_after(f"from course import {names}") == []


@pytest.mark.parametrize(
    "use",
    ["plot.row(2)", "plot.BLUE", "plot.descent.__call__", "dir(plot)", "import course.plot.graph; plot.graph.__call__"],
)
def test_the_pictures_are_there_when_they_are_first_used(use: str) -> None:
    """Also where a room has the name of its function."""
    assert _loaded_after(f"from course import plot\n{use}") == ["matplotlib"]


def test_there_is_one_room_of_pictures_by_whichever_door_one_comes() -> None:
    code = (
        "from course import plot as later; import course.plot.style as style, course.plot as first; from course import plot; "
        "later.ours = 1; print(first is plot, later.row is first.row, style.row is first.row, first.ours == 1); del later.ours"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True"] * 4


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'plots'; it has check, claim"):
        course.plots  # noqa: B018


@pytest.mark.parametrize(("before", "after"), [((700, 9, 8), (10000, 9, 8)), ((20000, 9, 8),) * 2, ((0, 9, 8),) * 2])
def test_garbage_is_looked_for_less_often_and_nobodys_own_choice_is_changed(
    before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    code = f"import gc; gc.set_threshold{before}; import course; print(gc.get_threshold())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == str(after)
