"""Promise of a lesson's compiled code: without a GPU it is known that JAX and Pallas can lower it for one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from making import code, notebook

from course.authoring.lessons import LESSONS, course_root, stored
from course.authoring.lowering import Lowered
from course.authoring.notebook import read
from course.curriculum import lesson_of

ROOT = course_root(Path(__file__).parent)


def lowered(path: Path) -> set[Lowered]:
    """In a process of its own, as it changes what `jax.jit` is."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "course.authoring.lowering", str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return {Lowered(**json.loads(line)) for line in ran.stdout.splitlines()}


def problems(found: set[Lowered], *compilers: str) -> list[str]:
    return [f"{one.name} ({one.compiler}): {one.problem}" for one in found if one.compiler in compilers and one.problem]


@pytest.mark.thorough
@pytest.mark.every_set
@pytest.mark.parametrize("path", stored(ROOT, (LESSONS,)), ids=lambda path: path.stem)
def test_what_a_lesson_compiles_can_be_lowered_for_an_nvidia_gpu(path: Path) -> None:
    """Each jitted function by XLA, each kernel by Triton. Which kernels Mosaic refuses differs from version to version."""
    found = lowered(path)
    assert problems(found, "xla", "triton") == []
    kernels = {one.name for one in found if one.compiler == "triton"}
    assert bool(kernels) == (path.stem.endswith("write_a_kernel"))


@pytest.mark.thorough
@pytest.mark.every_set
def test_the_lesson_names_each_of_its_kernels_that_mosaic_refuses() -> None:
    """Those in the lesson's table, where `pl.pallas_call` can hand a kernel to Mosaic GPU; a JAX that can't refuses them all."""
    path = ROOT / LESSONS / f"{lesson_of('write_a_kernel')}.ipynb"
    by_mosaic = [one for one in lowered(path) if one.compiler == "mosaic_gpu"]
    refused = {one.name for one in by_mosaic if one.problem}
    # The newest JAX has no way from `pl.pallas_call` to Mosaic GPU, and says no more than this.
    if {one.problem for one in by_mosaic} == {"AssertionError"}:
        return
    table = next(cell["source"] for cell in read(path)["cells"] if cell["id"] == "k-25b")
    listed = {name for row in re.findall(r"^\|[^|]*\|([^|]*)\|$", table, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert refused == listed


PLANTED = """\
import jax, jax.numpy as jnp
from functools import partial
from flax import nnx
from jax.experimental import pallas as pl

good = jax.jit(jnp.sin)
good(jnp.ones(3))

@partial(jax.jit, static_argnames="n", donate_argnums=0)
def schur(x, n):
    return jax.scipy.linalg.schur(x)[0] * n

schur(jnp.eye(3), n=2)

@jax.jit
def idle(x):
    return x

@nnx.jit
def idle_step(model):
    return model

print(nnx.tabulate(nnx.Dropout(0.5, rngs=nnx.Rngs(0)), jnp.ones(3)))

def double(x_ref, o_ref):
    o_ref[...] = 2 * x_ref[...]

def ordered(x_ref, o_ref):
    o_ref[...] = jnp.sort(x_ref[...])

for kernel in (double, ordered):
    pl.pallas_call(kernel, out_shape=jax.ShapeDtypeStruct((128,), jnp.float32), interpret=True)(jnp.ones(128))
"""


def test_what_cannot_be_lowered_and_what_no_cell_calls_is_found(tmp_path: Path) -> None:
    path = tmp_path / "planted.ipynb"
    path.write_text(json.dumps(notebook(code(PLANTED))), encoding="utf-8")
    said = {(one.name, one.compiler): one.problem for one in lowered(path)}
    assert said["sin", "xla"] == said["double", "triton"] == ""
    assert "schur" in said["schur", "xla"].lower() and "cuda" in said["schur", "xla"]
    unused = {name for (name, _), problem in said.items() if problem == "no cell calls it"}
    assert unused == {"idle", "idle_step"}, "and nothing that Flax compiles for itself"
    assert said["ordered", "triton"]


def test_a_cell_that_fails_is_named(tmp_path: Path) -> None:
    path = tmp_path / "planted.ipynb"
    path.write_text(json.dumps(notebook(code("1 / 0"))), encoding="utf-8")
    with pytest.raises(AssertionError, match="cell 1: ZeroDivisionError"):
        lowered(path)
