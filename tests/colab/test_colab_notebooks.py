"""Each notebook alone in an empty folder of a runtime like Colab's: its set-up cell brings the course, all cells run.

Lessons and solutions show what is stored in them, too. Colab's versions are the oldest that the course supports, so that nothing
else runs the notebooks under those.
"""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from making import code, notebook
from twin import ROOT, MakeRuntime, Runtime
from wheels import make_repository

from course.authoring import bootstrap, gates
from course.authoring.lessons import EXERCISES, LESSONS, SOLUTIONS, stored
from course.authoring.notebook import Notebook, code_cells, read
from course.authoring.validate import differences
from course.curriculum import lesson_of

pytest_plugins = ("twin_fixtures",)

OURS = "threads-to-networks"
# Runs right after the set-up cell, and leaves no name behind. What it looks for is not imported by looking.
PROBE = """\
def probe():
    import importlib.metadata, importlib.util, json, os, sys
    packages = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions()}
    preallocates, started = os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"], "jax" in sys.modules
    print(json.dumps([preallocates, started, importlib.util.find_spec("course").origin, packages]))

probe()
del probe"""


def each(*kinds: str) -> pytest.MarkDecorator:
    paths = stored(ROOT, kinds)
    return pytest.mark.parametrize("path", paths, ids=[f"{path.parent.name}-{path.stem}" for path in paths])


def opened_alone(path: Path, runtime: Runtime, *, failing: bool = False) -> Any:
    """The notebook, run in a folder that holds nothing else, with the probe behind its set-up cell.

    Holds for every notebook: the set-up cell changes no package but the course, which comes from where the runtime
    gets it, and JAX has not started before it's told to leave the GPU's memory alone.
    """
    nb = copy.deepcopy(read(Path(shutil.copy(path, runtime.folder))))
    ran = runtime.run(with_probe(nb), failing=failing)
    (said,) = [cell.outputs[0]["text"] for cell in ran.cells if cell.id == "probe"]
    preallocates, started, origin, packages = json.loads(said)
    assert (preallocates, started) == ("false", False)
    assert Path(origin).is_relative_to(runtime.python.parents[1])
    assert packages.pop(OURS)
    assert packages == runtime.packages
    return ran


def with_probe(nb: Notebook) -> Notebook:
    (at,) = [index for index, cell in code_cells(nb) if cell["id"] == bootstrap.CELL_ID]
    nb["cells"].insert(at + 1, code(PROBE, id="probe"))
    return nb


# jaxlib's profiler looks for TensorFlow, which Colab has, and the twin, which has what the notebooks import, has not.
_NO_TENSORFLOW = "Can't import tensorflow.python.profiler.trace"


def complaints_of(ran: Any) -> list[str]:
    """What any cell wrote to stderr, and what it raised."""
    found = []
    for cell in ran.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                found.append(f"{cell.id}: {output.evalue}")
            elif output.get("name") == "stderr":
                lines = [line for line in output.text.splitlines() if not line.endswith(_NO_TENSORFLOW)]
                if lines:
                    found.append(f"{cell.id}: {lines}")
    return found


@each(LESSONS, SOLUTIONS)
def test_runs_alone_from_the_top_shows_what_is_stored_and_changes_no_package(
    path: Path, make_runtime: MakeRuntime, wheel: Path, request: pytest.FixtureRequest
) -> None:
    ran = opened_alone(path, make_runtime(wheel))
    assert complaints_of(ran) == []
    assert "\n\n".join(differences(path, ran, request.session)) == ""


@each(EXERCISES)
def test_untouched_exercise_says_only_not_written_yet(path: Path, make_runtime: MakeRuntime, wheel: Path) -> None:
    ran = opened_alone(path, make_runtime(wheel), failing=True)
    for cell in ran.cells:
        errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        assert {error.ename for error in errors} <= {"NotImplementedError"}, f"{cell.source}\n{errors}"
        if cell.cell_type == "code" and gates.states_check(cell):
            assert "not written yet" in str(cell.outputs), cell.source


def test_the_course_asks_for_nothing_that_colab_does_not_have(make_runtime: MakeRuntime, wheel: Path) -> None:
    runtime = make_runtime(wheel)
    complaints = runtime.pip("check")
    runtime.run(notebook(code(bootstrap.source(ROOT), id="set-up")))
    assert any(line.startswith(OURS) for line in runtime.pip("freeze", "--all"))
    assert runtime.pip("check") == complaints


def test_a_runtime_has_nothing_of_what_runs_and_tests_notebooks(make_runtime: MakeRuntime) -> None:
    packages = make_runtime("").packages
    assert len(packages) > 60 and packages.keys().isdisjoint({OURS, "pytest", "nbval", "jupyterlab"})


def test_runs_from_a_git_address_built_by_colabs_own_setuptools(make_runtime: MakeRuntime, tmp_path: Path) -> None:
    """As from the published repository. There pip fetches a setuptools to build with; here, without a network, the
    image's own has to do. (In the environment "0" switches isolation off: what the variable gives is the *option's*
    value, build_isolation: https://github.com/pypa/pip/issues/5735.)"""
    address = make_repository(tmp_path / "repository")
    path = ROOT / EXERCISES / f"{lesson_of('start_here')}.ipynb"
    ran = opened_alone(path, make_runtime(address, PIP_NO_BUILD_ISOLATION="0"), failing=True)
    assert "not written yet" in str(ran)
