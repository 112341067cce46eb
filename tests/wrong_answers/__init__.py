"""Wrong answers to every exercise, as learners give them: a table of kind and exercise, for measuring what `check` says.

They were written from the exercises' texts, without a look at the mistakes that the catalogues declare. A module a lesson
holds `WRONG`: by exercise, `(kind, old, new, old, new, …)`, what is replaced in the solution's code.
"""

from __future__ import annotations

import functools
import json
import linecache
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from course.curriculum import LESSONS, topic_of

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class WrongAnswer:
    """One wrong answer: the exercise, the kind of mistake, and the code of the question's cell."""

    exercise: str
    kind: str
    number: int
    code: str
    setup: str

    @property
    def name(self) -> str:
        """Such as "neuron-3 axis"."""
        return f"{self.exercise}-{self.number} {self.kind}"

    def function(self) -> Callable[..., Any]:
        """What the learner would hand to `check`; its source is known, as that of a cell is."""
        file = f"<wrong answer {self.name}>"
        linecache.cache[file] = (len(self.code), None, self.code.splitlines(True), file)
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(self.setup, names)
        exec(compile(self.code, file, "exec"), names)
        found: Callable[..., Any] = names[self.exercise]
        return found


@functools.cache
def _cells(lesson: str) -> tuple[dict[str, str], str]:
    """The code of the solutions by the name of their exercise, and the notebook's imports."""
    cells = json.loads((_ROOT / "solutions" / f"{lesson}.ipynb").read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    found = {}
    for source in code:
        if "### BEGIN SOLUTION" in source:
            name = re.findall(r"^(?:def|class) (\w+)", source, re.MULTILINE)[-1]
            found[name] = re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", source)
    # The gradients of `train` are given in a cell of their own, and so is the engine of `multiply` and `matmul`.
    starts = "import jax", "import math", "import time", "@jax.jit\n@jax.grad", "class Value"
    given = [source for source in code if source.startswith(starts)]
    return found, "\n".join(given)


def wrong_answers(topic: str | None = None) -> Iterator[WrongAnswer]:
    """All wrong answers, or those of one lesson.

    Raises:
        AssertionError: what should be replaced does not stand in the solution.
    """
    for lesson in LESSONS:
        if topic not in (None, topic_of(lesson)):
            continue
        solutions, setup = _cells(lesson)
        for exercise, answers in import_module(f"{__name__}.{topic_of(lesson)}").WRONG.items():
            for number, (kind, *changes) in enumerate(answers, 1):
                code = solutions[exercise]
                for old, new in zip(changes[::2], changes[1::2], strict=True):
                    assert old in code, f"{exercise}-{number}: {old!r} is not in\n{code}"
                    code = code.replace(old, new)
                yield WrongAnswer(exercise, kind, number, code, setup)
