"""Promises of the lessons on kernels: by renaming, each kernel runs under numba's CUDA simulator with the same numbers, and compiles.

The kernels are those that the lessons and the solutions launch, and the catalogue's, on its own cases. Of a notebook only the cells run that a launch
needs: those that launch, and those that define what they use.
"""

from __future__ import annotations

import ast
import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest

from course import simt, toolchain
from course.authoring.lessons import course_root
from course.authoring.notebook import code_cells, read
from course.curriculum import lesson_of
from course.exercises.gpu_parallelism import EXERCISES
from course.exercises.gpu_parallelism.launches import Task
from course.toolchain.compiling import compile_all
from course.toolchain.looking import CHIPS
from course.toolchain.simulating import simulate_all

MISSING = toolchain.missing()
pytestmark = [pytest.mark.thorough, pytest.mark.skipif(MISSING is not None, reason=str(MISSING))]

ROOT = course_root(Path(__file__).parent)
NOTEBOOKS = [
    f"{folder}/{lesson_of(t)}.ipynb"
    for t in ("gpu_parallelism", "write_a_kernel")
    for folder in ("notebooks", "solutions")
]
# The exercises of "write a kernel" are Pallas kernels, which numba doesn't run.
LAUNCH_NONE = [f"solutions/{lesson_of('write_a_kernel')}.ipynb"]


@dataclass(frozen=True)
class Launched:
    """A launch that the simulator of the course found nothing wrong with, and what it gave."""

    kernel: simt.Kernel
    grid: Any
    block: Any
    args: tuple[Any, ...]
    stored: dict[str, np.ndarray]


def recording(found: list[Launched]) -> Callable[..., Any]:
    """`simt.launch`, which notes the launches that are right."""
    launch = simt.launch

    def noting(kernel: Any, grid: Any, block: Any, *args: Any, **options: Any) -> Any:
        code = simt.Kernel.of(kernel)
        out, report = launch(kernel, grid, block, *args, **options)
        params = [param.arg for param in code.functions[code.name].args.args[1:]]
        stored = {site.array for site in report.sites if site.space == "global" and site.kind != "load"}
        names = [name for name in params if name in stored]
        if names and not report.findings:
            outs = out if len(names) > 1 else (out,)
            found.append(Launched(code, grid, block, args, dict(zip(names, outs, strict=True))))
        return out, report

    return noting


def needed(sources: list[str]) -> list[str]:
    """The cells that launch kernels, and those before them that define what they use, in order."""
    trees = [ast.parse(source) for source in sources]
    defined = [_defined(tree) for tree in trees]
    used = [{n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)} for tree in trees]
    wanted = [i for i, source in enumerate(sources) if "simt.launch(" in source]
    chosen: set[int] = set()
    while wanted:
        i = wanted.pop()
        if i not in chosen:
            chosen.add(i)
            for name in used[i]:
                wanted += [j for j in range(i) if name in defined[j]]
    return [sources[i] for i in sorted(chosen)]


def _defined(tree: ast.Module) -> set[str]:
    names = {
        alias.asname or alias.name for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom) for alias in n.names
    }
    names |= {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return names | {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def launches_of(notebook: str) -> list[Launched]:
    sources = ["".join(cell["source"]) for _, cell in code_cells(read(ROOT / notebook))]
    sources = [source for source in sources if "importlib.metadata" not in source]
    found: list[Launched] = []
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setattr(matplotlib, "use", lambda *args, **options: None)
        patch.setattr(simt, "launch", recording(found))
        for number, source in enumerate(needed(sources)):
            name = f"<{notebook}, {number}>"
            patch.setitem(
                __import__("linecache").cache, name, (len(source), None, source.splitlines(keepends=True), name)
            )
            exec(compile(source, name, "exec"), namespace)  # our own text
    return found


def launches_of_the_catalogue() -> list[Launched]:
    found: list[Launched] = []
    for exercise in EXERCISES:
        task = getattr(exercise.measure, "__self__", None)
        if isinstance(task, Task):
            for case in exercise.draw(0):
                given = task.launches(*case.args)
                recording(found)(task.kernel, given.grid, given.block, *given.arrays, simt.empty(given.want.shape))
    return found


@pytest.fixture(scope="module")
def launched() -> dict[str, list[Launched]]:
    return {name: launches_of(name) for name in NOTEBOOKS} | {"the catalogue": launches_of_the_catalogue()}


def test_each_notebook_on_kernels_launches_some(launched: dict[str, list[Launched]]) -> None:
    assert [name for name, each in launched.items() if not each] == LAUNCH_NONE


def test_numbas_simulator_gives_what_ours_gives_for_every_kernel(launched: dict[str, list[Launched]]) -> None:
    every = [(name, each) for name, found in launched.items() for each in found]
    theirs = simulate_all((each.kernel, each.grid, each.block, each.args) for _, each in every)
    for (name, each), arrays in zip(every, theirs, strict=True):
        said = f"{each.kernel.name} of {name}: {arrays}"
        assert not isinstance(arrays, toolchain.ToolchainError), said
        for array, values in each.stored.items():
            np.testing.assert_allclose(arrays[array], values, rtol=1e-5, atol=1e-6, err_msg=said)


def test_every_kernel_compiles_for_three_architectures_and_fits(launched: dict[str, list[Launched]]) -> None:
    # The catalogue's kernels are those of the solutions, once more.
    notebooks = [each for name, found in launched.items() if name in NOTEBOOKS for each in found]
    kernels = {each.kernel.source: each for each in notebooks}.values()
    made = compile_all((each.kernel, each.block, each.args, chip) for each in kernels for chip in CHIPS)
    failed = [str(each) for each in made if isinstance(each, toolchain.ToolchainError)]
    assert not failed
    assert {each.architecture for each in made} == {"sm_75", "sm_80", "sm_90"}
    for each in made:
        assert each.occupancy.blocks >= 1 and each.spilled_bytes == 0
        assert toolchain.machine_code.count(each.code.instructions)["float64"] == 0, each.name
