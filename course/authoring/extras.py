"""What a learner's environment leaves out, said before a command fails for want of it."""

from __future__ import annotations

import importlib.util

from course.authoring.notebook import AuthoringError

# The extra of pyproject.toml that a piece of work needs, and modules of its packages, by which it is recognized.
_NEEDED = {
    "The site": ("site", ("sphinx", "myst_nb", "sphinx_book_theme", "sphinx_copybutton", "bs4")),
    "Grading": ("author", ("jinja2", "jupyter_client", "nbval", "psutil", "pygments", "yaml", "zmq")),
    "Testing a lesson": ("test", ("nbval", "pytest")),
}


def require(work: str) -> None:
    """Do nothing where all that `work` needs is installed.

    Raises:
        AuthoringError: something is missing; the sentence names it and how to install it.
    """
    extra, modules = _NEEDED[work]
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        how = f"`make env` in the clone installs all of it; elsewhere, pip install -e '.[{extra}]'."
        raise AuthoringError(f"{work} needs {', '.join(missing)}, which a learner's environment leaves out: {how}")
