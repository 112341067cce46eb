"""What holds for a lesson's guesses and claims: each guess is answered where the learner sees it, and each claim shows something new."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from course.authoring.notebook import Notebook, Problem, code_cells, place

MOST_CLAIMS = 2
# What a cell has that measures on this machine: it times something, or counts what a network reads rightly.
_MEASURES = re.compile(r"\b(timed|race|read_trace|measured_roof|perf_counter|fit|train\w*|accuracy\w*|\w*right\w*)\b")
_HEADING = re.compile(r"^## ", re.M)


def guess_problems(nb: Notebook) -> list[Problem]:
    """Every guess has one answer, the last expression of its cell, with a source and a stored output.

    "measured" is said only where a cell of the same section measures something.
    """
    asked: dict[str, int] = {}
    answered: Counter[str] = Counter()
    found = []
    for index, cell in code_cells(nb):
        tree = _parsed(cell["source"])
        if tree is None:
            continue
        asked.update((name, index) for name in _asked(tree))
        for call, name in _reveals(tree):
            answered[name] += 1
            found += [Problem(place(nb, index), reason) for reason in _wrong(nb, tree, call, index)]
    for name, index in asked.items():
        if answered[name] != 1:
            times = f"is answered {answered[name]} times" if answered[name] else "is never answered"
            found.append(Problem(place(nb, index), f"the guess {name} {times}."))
    return found


def claim_problems(nb: Notebook) -> list[Problem]:
    """At most two claims a cell, and no cell that prints nothing but claims without a figure."""
    found = []
    for index, cell in code_cells(nb):
        claims = len(re.findall(r"^[^#\n]*\bclaim\(", cell["source"], re.M))
        if claims > MOST_CLAIMS:
            found.append(Problem(place(nb, index), f"{claims} claims in a cell; {MOST_CLAIMS} are the most."))
        outputs = cell.get("outputs", [])
        texts = [output.get("text", "") for output in outputs]
        lines = [line for text in texts for line in "".join(text).splitlines()]
        if outputs and all(texts) and all(line.startswith("✓ ") and ":\u00a0" not in line for line in lines):
            found.append(Problem(place(nb, index), "the cell prints only ✓; show the figures behind the claim."))
    return found


def _parsed(source: str) -> ast.Module | None:
    """The cell's tree; None for a cell with a magic, which is no Python."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return None


def _asked(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            called, target = node.value.func, node.targets[0]
            if isinstance(called, ast.Name) and called.id == "predict" and isinstance(target, ast.Name):
                yield target.id


def _reveals(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "reveal":
            yield node, ast.unparse(node.func.value)


def _wrong(nb: Notebook, tree: ast.Module, call: ast.Call, here: int) -> Iterator[str]:
    last = tree.body[-1]
    if not (isinstance(last, ast.Expr) and last.value is call):
        yield "reveal() must be the last expression of its cell, or the answer is not shown."
    cells = nb["cells"]
    if not any("text/html" in output.get("data", {}) for output in cells[here].get("outputs", [])):
        yield "the answer of reveal() is not stored; run `course format`."
    sources = [word.value for word in call.keywords if word.arg == "source"]
    if not sources:
        yield "reveal() does not say its source."
    elif ast.literal_eval(sources[0]) == "measured":
        headings = [
            i
            for i, cell in enumerate(cells[:here])
            if _HEADING.search(cell["source"]) and cell["cell_type"] == "markdown"
        ]
        section = cells[max(headings, default=0) : here + 1]
        if not any(_MEASURES.search(cell["source"]) for cell in section if cell["cell_type"] == "code"):
            yield 'reveal() says "measured", and no cell of its section measures anything.'
