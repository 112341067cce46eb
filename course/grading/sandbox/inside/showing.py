"""What only chooses how a notebook looks has no part in its grade: in this kernel it can't fail.

A submission was written where ipympl, Qt, a memory profiler or a package of styles may be installed. Here they are not,
and a line such as `%matplotlib widget` would end the cell before the answer below it. A magic that does something else
keeps its effect and its error.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

# They ask for windows, for packages, for a debugger, for what is measured or tidied by an extension: nothing of it is had here.
_NOTHING = (
    *("gui", "pdb", "debug", "pip", "conda", "mamba", "micromamba", "uv", "autoreload", "tensorboard", "watermark"),
    *(
        "memit",
        "mprun",
        "lprun",
        "snakeviz",
        "scalene",
        "pyinstrument",
        "heat",
        "autotime",
        "black",
        "nb_black",
        "blackit",
    ),
)
# They set up the shell, or show a setting: done where it can be done.
_MAY_FAIL = ("config", "load_ext", "reload_ext", "unload_ext", "colors", "xmode", "precision", "pprint", "env")


def settle(shell: Any) -> None:
    """Settle how things are shown in this kernel: once, before the first cell.

    Args:
        shell: the kernel's InteractiveShell.
    """
    # The table itself: `register_magic_function` would take `config` for a setting of its own.
    magics = shell.magics_manager.magics["line"]
    magics.update(dict.fromkeys(_NOTHING, _nothing))
    magics.update({name: _tolerant(magic) for name in _MAY_FAIL if (magic := shell.find_line_magic(name))})
    # `pylab` imports names, too, which an answer may use.
    magics.update({name: _inline(shell.find_line_magic(name)) for name in ("matplotlib", "pylab")})
    _settle_pictures()


def _nothing(line: str = "") -> None:
    """Nothing is done while a submission is graded."""


def _tolerant(function: Callable[..., Any]) -> Callable[..., Any]:
    def tolerant(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            print(f"Skipped while this notebook is graded ({type(error).__name__}: {error}).")

    return tolerant


def _inline(magic: Callable[[str], Any]) -> Callable[[str], None]:
    def inline(line: str = "") -> None:
        words = [word for word in line.split() if word == "--no-import-all"]
        with contextlib.suppress(Exception):
            magic(" ".join([*words, "inline"]))

    return inline


def _settle_pictures() -> None:
    """Matplotlib keeps the kernel's backend, and passes over a style that is not here."""
    import matplotlib
    import matplotlib.pyplot

    def use(backend: str, *, force: bool = True) -> None:
        """The backend stays as it is while a submission is graded."""

    matplotlib.use = use
    # Matplotlib itself calls this one for the backend that it begins with.
    matplotlib.pyplot.switch_backend = _tolerant(matplotlib.pyplot.switch_backend)
    tolerant = _tolerant(matplotlib.style.use)
    for name in {"matplotlib.style", "matplotlib.style.core"} & set(sys.modules):
        vars(sys.modules[name])["use"] = tolerant
