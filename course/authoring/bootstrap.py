"""The set-up cell: the first code cell of every notebook, the same to the byte.

On a machine that has the course it installs nothing. On Colab, which has everything else already, it installs
this package without its dependencies, so that no package of the runtime changes.

Something else may have the name `course`: a folder or a file beside the notebook, which Python finds first, or another
package. The cell tells ours by a file in it, and runs nothing to find out. A mere folder without an `__init__.py` hides
nothing once ours is installed. Whatever does hide it is named, with what to do. (`-P` keeps a file called `pip.py` out
of the way, too.) It ends with `import course`, which looks for files that hide other modules: see `course.hidden`.

It also keeps JAX from taking 75 % of a GPU's memory as soon as it starts
(https://docs.jax.dev/en/latest/gpu_memory_allocation.html): JAX reads the variable when it first touches the device,
and this cell runs before any other, in whatever order a notebook imports JAX and the course.
"""

from __future__ import annotations

import copy
from pathlib import Path

from course.authoring.lessons import DISTRIBUTION
from course.authoring.notebook import Cell, Notebook, Problem, code_cells, other_endings, place
from course.authoring.published import published

CELL_ID = "bootstrap"
# Folded: a form in Colab and one line in JupyterLab, which show the title; behind a click on the site.
_FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
_TEMPLATE = """\
# @title Set-up: run this cell first
# It adds the course's small helper package where that is missing (on Colab), and no other.
import importlib.metadata, importlib.util, os, subprocess, sys

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # take GPU memory as needed
if getattr(sys.modules.get("course"), "__file__", None) is None:
    sys.modules.pop("course", None)  # a mere folder of that name, from an earlier import
found = importlib.util.find_spec("course")
installed = any(importlib.metadata.distributions(name="{distribution}"))
if found is None or (found.origin is None and not installed):
    home = "{home}"
    source = os.environ.get("COURSE_SOURCE", home)
    pip = [sys.executable, "-P", "-m", "pip", "install", "--quiet", "--no-deps", source]
    ran = subprocess.run(pip, capture_output=True, text=True)
    if ran.returncode != 0:
        why = f"Could not install the course's helper package from {{source}}."
        todo = "Is there a network, and is the address right? Then run this cell again."
        raise RuntimeError(f"{{why}} {{todo}} pip says:\\n{{ran.stderr.strip()[-1000:]}}")
    importlib.invalidate_caches()
    found = importlib.util.find_spec("course")
place = list(found.submodule_search_locations or [found.origin])[0] if found else "nothing"
if not os.path.exists(f"{{place}}/simt/machine.py"):  # not this course's package
    why = f"Python finds {{place}} under the name `course`, not the course's helper package."
    todo = "Rename, move or uninstall what is there, restart the kernel, run this cell again."
    raise ImportError(f"{{why}} {{todo}}")
import course"""


def source(root: Path) -> str:
    """The set-up cell's code."""
    return _TEMPLATE.format(home=published(root).package, distribution=DISTRIBUTION)


def cell(root: Path) -> Cell:
    """The set-up cell, not run."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": CELL_ID,
        "metadata": copy.deepcopy(_FOLDED),
        "outputs": [],
        "source": source(root),
    }


def problem(nb: Notebook, root: Path) -> Problem | None:
    """Why the notebook's first code cell is not the set-up cell; None if it is."""
    wanted = cell(root)
    for index, first in code_cells(nb):
        if all(first.get(key) == wanted[key] for key in ("id", "metadata", "source")):
            return None
        endings = other_endings(first["source"])
        why = f": its lines end in {endings}, not in LF" if endings else ""
        return Problem(place(nb, index), f"this is not the set-up cell{why}. Run `course bootstrap --write`.")
    return Problem("", "the notebook has no code cell, so no set-up cell. Run `course bootstrap --write`.")


def put(nb: Notebook, root: Path) -> Notebook:
    """`nb` with the set-up cell as its first code cell; an older form of it is replaced.

    One that stood there already keeps its count: where notebooks are stored it shows nothing, so that a new address
    in it is no reason to run the notebook again.
    """
    if problem(nb, root) is None:
        return nb
    result = copy.deepcopy(nb)
    new, first = cell(root), next(code_cells(result), None)
    if first and first[1].get("id") == CELL_ID and not first[1].get("outputs"):
        new["execution_count"] = first[1].get("execution_count")
    result["cells"] = [other for other in result["cells"] if other.get("id") != CELL_ID]
    at = next((index for index, _ in code_cells(result)), len(result["cells"]))
    result["cells"].insert(at, new)
    return result
