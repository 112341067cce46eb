"""Files beside a notebook that hide a module: Python looks into the notebook's folder before it looks anywhere else.

`import course` asks for a `reason` to stop before it imports anything else, so that the learner reads which file it is, and not
"module 'jax' has no attribute 'numpy'". Only modules that are loaded anyway are imported here: others could be hidden.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from importlib.machinery import PathFinder

# What the course and its notebooks import beside Python's own modules.
NEEDED = {
    "IPython",
    "PIL",
    "anywidget",
    "filelock",
    "flax",
    "ipykernel",
    "ipywidgets",
    "jax",
    "jaxlib",
    "matplotlib",
    "mlxtend",
    "numpy",
    "optax",
    "orbax",
    "platformdirs",
    "pooch",
    "requests",
    "rich",
    "scipy",
    "sklearn",
    "tqdm",
    "typer",
}
_TODO = "Rename or move that file, restart the kernel, and run the notebook from the top."


def reason() -> str:
    """Why the course can't work here: a sentence that names the file that hides a package it needs, and what to do.

    "" where nothing is hidden. Of a module of Python's own it only warns, as the lesson may do without it. One that is
    loaded from its right place already is not hidden.
    """
    try:
        folder = os.path.realpath(os.getcwd())
        names = sorted(os.listdir(folder))
    except OSError:  # the folder was removed, or can't be read
        return ""
    for name, path in _candidates(folder, names):
        if not _hides(name, path, folder):
            continue
        if name in NEEDED:
            why = "which the course needs, because Python looks in the notebook's folder first"
            return f"{path} hides the package {name}, {why}. {_TODO}"
        warnings.warn(f"{path} hides Python's own module {name}. If a cell fails: {_TODO}", stacklevel=2)
    return ""


def _candidates(folder: str, names: list[str]) -> list[tuple[str, str]]:
    """Files and packages in the folder that have a module's name: the name, and the path to tell."""
    found = []
    for entry in names:
        name, path = entry.removesuffix(".py"), os.path.join(folder, entry)
        if name not in NEEDED and name not in sys.stdlib_module_names:
            continue
        # A folder without an __init__.py hides nothing: Python prefers a package that it finds later.
        if entry != name or os.path.exists(os.path.join(path, "__init__.py")):
            found.append((name, path))
    return found


def _hides(name: str, path: str, folder: str) -> bool:
    """Whether `import name` gives what is at `path`, although there is another one elsewhere."""
    try:
        spec = importlib.util.find_spec(name)  # of the module itself, where it is loaded
    except (ImportError, ValueError):
        return False
    if spec is None or not spec.origin or not os.path.realpath(spec.origin).startswith(path):
        return False
    elsewhere = [place for place in sys.path if os.path.realpath(place or ".") != folder]
    return PathFinder.find_spec(name, elsewhere) is not None
