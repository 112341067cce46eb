"""A small class to measure on: the reference solution, other right and wrong code, and notebooks that are half done."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

from course.authoring.lessons import EXERCISES, SOLUTIONS
from course.authoring.notebook import Cell, Notebook, dumps, read
from course.curriculum import lesson_of

KINDS = ("the solution", "own code", "half of it", "own code, half of it")
# {lesson: {exercise: (a piece of its solution, what another learner wrote)}}: what is not the solution's has to be compiled anew.
OWN_CODE = {
    lesson_of("the_neuron"): {
        "neuron": ("jnp.tanh(w @ x + b)", "jnp.tanh(jnp.sum(w * x) + b)"),
        "layer": ("jnp.tanh(W @ x + b)", "jnp.tanh(x @ W.T + b)"),
        "relu": ("jnp.maximum(x, 0)", "jnp.where(x > 0, x, 0)"),
        "softmax": ("exps / exps.sum(", "jnp.exp(Z) / jnp.exp(Z).sum("),
        "he_init": ("jnp.sqrt(2 / n_in)", "jnp.sqrt(1 / n_in)"),
    },
    lesson_of("cnn_classification"): {
        "conv2d": ("np.zeros((rows, columns, c_out))", "np.zeros((rows, columns, c_out), np.float32)"),
        "max_pool": ("jnp.maximum(top, bottom)", "jnp.stack([top, bottom]).max(axis=0)"),
        "CNN": ("nnx.Conv(32, 64, kernel_size=(3, 3)", "nnx.Conv(32, 64, kernel_size=(5, 5)"),
        "loss_fn": (".mean()", ".sum() / len(labels)"),
        "classify": ("epochs, batch = 6, 32", "epochs, batch = 6, 40"),
    },
}


def hand_in(root: Path, lesson: str, count: int, folder: Path) -> list[Path]:
    """Write `count` submissions of a lesson to `folder/<learner>/<lesson>.ipynb`, the KINDS in turn; no two are the same.

    Raises ValueError where the solution no longer has a piece that OWN_CODE replaces.
    """
    paths = []
    for number in range(count):
        path = folder / f"learner_{number + 1:02}" / f"{lesson}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(dumps(_submission(root, lesson, number)), encoding="utf-8")
        paths.append(path)
    return paths


def _submission(root: Path, lesson: str, number: int) -> Notebook:
    own, half = (number % len(KINDS)) % 2 == 1, (number % len(KINDS)) >= 2
    nb = copy.deepcopy(read(root / SOLUTIONS / f"{lesson}.ipynb"))
    untouched = {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in _answers(_exercise(root, lesson))}
    for index, cell in enumerate(_answers(nb)):
        name = cell["metadata"]["nbgrader"]["grade_id"]
        if half and index % 2 == 1:
            cell["source"] = untouched[name]["source"]
        elif own and name in OWN_CODE[lesson]:
            old, new = OWN_CODE[lesson][name]
            if old not in cell["source"]:
                raise ValueError(
                    f"the solution of {name} has no {old!r} any more: mend OWN_CODE in benchmarks/submissions.py"
                )
            cell["source"] = cell["source"].replace(old, new)
        cell["source"] += f"\n# handed in by learner {number + 1}"
    return nb


def _exercise(root: Path, lesson: str) -> Notebook:
    return read(root / EXERCISES / f"{lesson}.ipynb")


def _answers(nb: Notebook) -> Iterator[Cell]:
    """The cells that a learner fills in."""
    return (cell for cell in nb["cells"] if cell["metadata"].get("nbgrader", {}).get("solution"))
