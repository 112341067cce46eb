"""The set-up cell: the first code cell of every notebook, the same to the byte.

On a machine that has the course it does nothing. On Colab, which has everything else already, it installs
this package without its dependencies, so that no package of the runtime changes.
"""

from __future__ import annotations

import copy
from pathlib import Path

from course.authoring.lessons import settings
from course.authoring.notebook import AuthoringError, Cell, Notebook, Problem, code_cells, place

CELL_ID = "bootstrap"
_TEMPLATE = """\
# Set-up: installs the course's small helper package where it is missing (on Colab). Changes nothing else.
import importlib, importlib.util, os, subprocess, sys

if importlib.util.find_spec("course") is None:
    home = "{home}"
    source = os.environ.get("COURSE_SOURCE", home)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", source]
    ran = subprocess.run(pip, capture_output=True, text=True)
    importlib.invalidate_caches()
    if ran.returncode != 0:
        why = f"Could not install the course's helper package from {{source}}. Is there a network?"
        raise RuntimeError(f"{{why}} pip says:\\n{{ran.stderr.strip()[-1000:]}}")"""


def repository(root: Path) -> str:
    """What pip installs the course from.

    `[tool.course]` in pyproject.toml names the `repository` and, once there is a release, its `tag`.
    """
    table = settings(root).get("tool", {}).get("course", {})
    address, tag = table.get("repository"), table.get("tag")
    if not isinstance(address, str) or not address:
        raise AuthoringError("pyproject.toml has no `repository` in its table [tool.course].")
    return f"git+{address}@{tag}" if tag else f"git+{address}"


def source(root: Path) -> str:
    """The set-up cell's code."""
    return _TEMPLATE.format(home=repository(root))


def cell(root: Path) -> Cell:
    """The set-up cell, not run."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": CELL_ID,
        "metadata": {},
        "outputs": [],
        "source": source(root),
    }


def problem(nb: Notebook, root: Path) -> Problem | None:
    """Why the notebook's first code cell is not the set-up cell; None if it is."""
    wanted = cell(root)
    for index, first in code_cells(nb):
        if all(first.get(key) == wanted[key] for key in ("id", "metadata", "source")):
            return None
        return Problem(place(nb, index), "this is not the set-up cell. Run `course bootstrap --write`.")
    return Problem("", "the notebook has no code cell, so no set-up cell. Run `course bootstrap --write`.")


def put(nb: Notebook, root: Path) -> Notebook:
    """`nb` with the set-up cell as its first code cell; an older form of it is replaced."""
    if problem(nb, root) is None:
        return nb
    result = copy.deepcopy(nb)
    result["cells"] = [other for other in result["cells"] if other.get("id") != CELL_ID]
    first = next((index for index, _ in code_cells(result)), len(result["cells"]))
    result["cells"].insert(first, cell(root))
    return result
