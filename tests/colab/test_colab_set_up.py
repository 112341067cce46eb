"""The set-up cell in a runtime like Colab's: once, twice, after a restart, and where the course can't be had."""

from __future__ import annotations

from pathlib import Path

import pytest
from making import code, notebook
from nbclient.exceptions import CellExecutionError
from twin import ROOT, MakeRuntime

from course.authoring import bootstrap
from course.authoring.notebook import Notebook

pytest_plugins = ("twin_fixtures",)

SET_UP = bootstrap.source(ROOT)
NEVER_AGAIN = 'import os; os.environ["COURSE_SOURCE"] = "/none.whl"'  # whoever installs again fails
USE = "from course import size_for; print(size_for(cpu=1, gpu=1))"


def cells(*sources: str) -> Notebook:
    nb: Notebook = notebook(*(code(source, id=f"cell-{number}") for number, source in enumerate(sources)))
    return nb


def test_run_twice_and_again_after_a_restart_it_installs_once(make_runtime: MakeRuntime, wheel: Path) -> None:
    runtime = make_runtime(wheel)
    first = runtime.run(cells(SET_UP, NEVER_AGAIN, SET_UP, USE))
    assert [cell.outputs for cell in first.cells[:3]] == [[], [], []]
    installed = runtime.pip("freeze", "--all")
    restarted = runtime.run(cells(NEVER_AGAIN, SET_UP, USE))
    assert restarted.cells[-1].outputs[0]["text"] == "1\n"
    assert runtime.pip("freeze", "--all") == installed


def test_it_is_run_again_once_the_network_is_back(make_runtime: MakeRuntime, wheel: Path) -> None:
    """What the message tells the learner to do works: in the same kernel."""
    runtime = make_runtime("/none.whl")
    ran = runtime.run(cells(SET_UP, f'import os; os.environ["COURSE_SOURCE"] = "{wheel}"', SET_UP, USE), failing=True)
    assert [output.output_type for output in ran.cells[0].outputs] == ["error"]
    assert ran.cells[2].outputs == [] and ran.cells[3].outputs[0]["text"] == "1\n"


@pytest.mark.parametrize("source", ["", "/none.whl", "git+https://example.org/none", "no such thing"])
def test_where_the_course_cannot_be_had_it_says_so_and_what_to_do(make_runtime: MakeRuntime, source: str) -> None:
    """No network (where it's published, "", and at another address), a file that isn't there, a slip of the pen."""
    runtime = make_runtime(source)
    before = runtime.pip("freeze", "--all")
    with pytest.raises(CellExecutionError) as caught:
        runtime.run(cells(SET_UP, USE))
    named = source or "git+https://github.com/"
    assert f"Could not install the course's helper package from {named}" in caught.value.evalue
    assert "Is there a network, and is the address right? Then run this cell again." in caught.value.evalue
    assert "pip says:" in caught.value.evalue
    assert runtime.pip("freeze", "--all") == before


def test_a_mere_folder_called_course_beside_the_notebook_hides_nothing(make_runtime: MakeRuntime, wheel: Path) -> None:
    runtime = make_runtime(wheel)
    (runtime.folder / "course").mkdir()
    ran = runtime.run(cells(SET_UP, USE))
    assert ran.cells[0].outputs == [] and ran.cells[1].outputs[0]["text"] == "1\n"


def test_a_file_called_course_beside_the_notebook_is_named_and_nothing_is_installed(make_runtime: MakeRuntime) -> None:
    runtime = make_runtime("/none.whl")
    (runtime.folder / "course.py").write_text("")
    with pytest.raises(CellExecutionError) as caught:
        runtime.run(cells(SET_UP, USE))
    assert f"Python finds {runtime.folder / 'course.py'} under the name `course`" in caught.value.evalue
    assert "Rename, move or uninstall what is there, restart the kernel" in caught.value.evalue


def test_a_learners_own_choice_for_the_gpus_memory_is_kept(make_runtime: MakeRuntime, wheel: Path) -> None:
    ask = 'import os; print(os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"])'
    ran = make_runtime(wheel, XLA_PYTHON_CLIENT_PREALLOCATE="true").run(cells(SET_UP, "import jax, course", ask))
    assert ran.cells[-1].outputs[0]["text"] == "true\n"
