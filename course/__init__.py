"""*From Threads to Networks*: the small package that serves the course's notebooks.

The names a learner meets, each imported only when it is first used, so that ``import course`` stays light:

========================  =====================================================================
``check(f)``              is the function that I wrote right, and if not, what is wrong with it?
``claim(ok, "…")``        states a fact that the cell has just measured, or fails with the figures
``predict("question")``   keeps a guess; ``.reveal(measured)`` sets it beside the measurement
``my_numbers()``          every guess and measurement of this session, in one table
``scoreboard(name, f)``   how well your ways to read digits do, side by side
``progress()``            your map: exercises passed, tried and open, and what to do next
``load(name)``            a data set, split into train, validation and test
``device_card()``         what this notebook runs on, and how fast that is
``timed(f, *args)``       honest timing of asynchronous work
``race({"a": f, …})``     several functions timed in turns, so that their ratios are fair
``size_for(cpu=, gpu=)``  the one function by which sizes follow the device
``pad(read)``             a sheet to draw a digit on; your network reads as you draw
``plot``                  the pictures
``simt``                  the GPU in slow motion: kernels run thread by thread, and counted
========================  =====================================================================
"""

import gc
import os
import sys

from course import hidden

# First of all: where a file beside the notebook hides what is imported below, Python's own error doesn't say so.
if hidden.reason():
    raise ImportError(hidden.reason())

# Tracing makes very many small objects that live for long. Python looks through them for garbage after every 700th (2,000th from
# 3.13 on), finds next to none, and lets the learner wait for it: a whole lesson is a few per cent faster like this.
if 0 < gc.get_threshold()[0] < 10_000:  # 0: somebody has turned it off
    gc.set_threshold(10_000, *gc.get_threshold()[1:])

# On a shared GPU, such as Colab's, JAX would take 75 % of the memory as soon as it starts, and the next notebook would
# find none left. It reads this variable when it first touches the device, so it must be set before that.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from course import compile_cache, settings, xla

# Not lazy, as room and function share a name: importing the room first would leave `course.predict` a module.
from course.predict import my_numbers, predict
from course.progress import progress

__version__ = "0.1.0"

# What a lesson compiles today it need not compile tomorrow. In this place, as JAX reads the setting when it is imported.
compile_cache.turn_on()
xla.keep_products_right(os.environ)
# A lesson may fail under settings of JAX that it does not count on, and must not leave the learner to find out why.
settings.watch()

_HOME = {
    "check": "course.checks",
    "claim": "course.claims",
    "load": "course.data",
    "device_card": "course.device",
    "size_for": "course.device",
    "timed": "course.timing",
    "race": "course.timing",
    "pad": "course.drawing_pad",
    "scoreboard": "course.readers",
    "plot": "course.plot",
    "simt": "course.simt",
}

__all__ = [*_HOME, "my_numbers", "predict", "progress", "__version__"]

if TYPE_CHECKING:
    from course import plot as plot
    from course import simt as simt
    from course.checks import check as check
    from course.claims import claim as claim
    from course.data import load as load
    from course.device import device_card as device_card
    from course.device import size_for as size_for
    from course.drawing_pad import pad as pad
    from course.readers import scoreboard as scoreboard
    from course.timing import race as race
    from course.timing import timed as timed


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'course' has no attribute {name!r}; it has {', '.join(__all__)}")
    if name == "plot":
        value = sys.modules.get(_HOME[name]) or _Later(_HOME[name], "The course's pictures.")
    else:
        room = import_module(_HOME[name])
        # A lesson's first cells import from here: where they can't work, its learner is told now, and not amid a lesson.
        if "jax" in sys.modules:
            import_module("course.backend").start_if_chosen()
        value = room if name == "simt" else getattr(room, name)
    globals()[name] = value
    return value


class _Later(ModuleType):
    """Stands for a room that is entered when something in it is first used: matplotlib takes longer to import than all the rest.

    (importlib's LazyLoader would do, were it not that a room within the room is then loaded twice.)
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self.__name__), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(import_module(self.__name__), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(import_module(self.__name__), name)

    def __dir__(self) -> list[str]:
        return dir(import_module(self.__name__))


def __dir__() -> list[str]:
    return sorted(__all__)
