"""JAX's settings: those that the course counts on, under which a check judges, and what a notebook says of any others.

A learner may choose settings in the environment (JAX_ENABLE_X64=1), in a cell (`jax.config.update`), or in a `with`. They are read
when they are needed. What a version of JAX has no setting for is passed over.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from types import ModuleType
from typing import Any

_DTYPES = "the course's numbers are float32 and int32"
_RANDOM = "the course's random numbers come from JAX's usual generator"
_RAISES = "an operation that the course uses may stop with an error"
_SPEED = "the course's times and ratios are those of programs that JAX compiles as usual"
_MATMUL = "the course's matrix products have JAX's usual precision"
_TRACES = "the course inspects what JAX traces and compiles"


@dataclass(frozen=True)
class _Setting:
    """One setting of JAX.

    Attributes:
        own: the value that the course counts on.
        counts_on: what depends on it, as half a sentence.
        judged: checks judge under `own`; False where only speed depends on the setting, which no verdict does.
        stays: arrays and keys that were made under another value keep what it made of them.
        same: other values that mean the same.
        as_good: other values under which the lessons hold; a lesson may set one of them itself.
    """

    own: Any
    counts_on: str
    judged: bool = True
    stays: bool = False
    same: tuple[Any, ...] = ()
    as_good: tuple[Any, ...] = ()


# None means to JAX that nothing is said in this thread, so that only "allow" undoes what is said elsewhere.
_GUARD = _Setting("allow", "the course passes NumPy's arrays and Python's numbers to JAX", same=(None,))

# Every setting that can change a value or a dtype, or raise an error, in code that the course or a learner writes. Not here are those
# that choose the device, as a verdict is reached on the learner's own, that only print (jax_log_compiles, jax_explain_cache_misses,
# jax_traceback_filtering), that place compiled code, that are for several hosts, or that choose between two ways of JAX's own to the same numbers.
_SETTINGS: dict[str, _Setting] = {
    "jax_enable_x64": _Setting(False, _DTYPES, stays=True),
    "jax_explicit_x64_dtypes": _Setting("warn", _DTYPES, stays=True),
    "jax_default_dtype_bits": _Setting("64", _DTYPES, stays=True),
    "jax_numpy_dtype_promotion": _Setting("standard", "the course lets JAX promote dtypes"),
    "jax_numpy_rank_promotion": _Setting("allow", "the course broadcasts arrays"),
    "jax_default_matmul_precision": _Setting(None, _MATMUL, as_good=("default", "highest", "float32")),
    "jax_allow_f16_reductions": _Setting(True, "the course sums numbers of 16 bits"),
    "jax_debug_nans": _Setting(False, "the course shows NaN where it arises"),
    "jax_debug_infs": _Setting(False, "the course shows infinity where it arises"),
    "jax_debug_key_reuse": _Setting(False, _RAISES),
    "jax_disable_jit": _Setting(False, "the course compiles functions, and times them"),
    "jax_check_tracer_leaks": _Setting(False, _TRACES),
    "jax_check_static_indices": _Setting(False, _RAISES),
    "jax_enable_checks": _Setting(False, _SPEED),
    "jax_no_tracing": _Setting(False, _TRACES),
    "jax_no_execution": _Setting(False, _RAISES),
    "jax_default_prng_impl": _Setting("threefry2x32", _RANDOM, stays=True),
    "jax_threefry_partitionable": _Setting(True, _RANDOM, stays=True),
    "jax_random_seed_offset": _Setting(0, _RANDOM, stays=True),
    "jax_safer_randint": _Setting(True, _RANDOM, stays=True),
    "jax_high_dynamic_range_gumbel": _Setting(False, _RANDOM, stays=True),
    "jax_enable_custom_prng": _Setting(False, _RANDOM, stays=True),
    "jax_legacy_prng_key": _Setting("allow", _RAISES),
    "jax_transfer_guard_host_to_device": _GUARD,
    "jax_transfer_guard_device_to_host": _GUARD,
    "jax_transfer_guard_device_to_device": _GUARD,
    "jax_disable_most_optimizations": _Setting(False, _SPEED, judged=False),
    "jax_cpu_enable_async_dispatch": _Setting(True, _SPEED, judged=False),
}


@contextlib.contextmanager
def own() -> Iterator[None]:
    """What runs inside runs under the settings that the course counts on; the learner's are put back, whatever happens.

    Where nothing has to be changed, nothing is: JAX would trace again what it has traced under another setting.
    """
    import jax

    with contextlib.ExitStack() as stack:
        for name, value in _others(jax).items():
            if _SETTINGS[name].judged:
                stack.enter_context(_set(jax, name, value))
        yield


def _others(jax: ModuleType) -> dict[str, Any]:
    """The settings that are not the course's own, and the value that each has in this thread now."""
    values = jax.config.values
    known = ((name, values[name]) for name in _SETTINGS if name in values)
    return {name: value for name, value in known if _plain(value) not in (_SETTINGS[name].own, *_SETTINGS[name].same)}


def _plain(value: Any) -> Any:
    """A setting's value; an enum's as the environment has it."""
    return value.name.lower() if isinstance(value, Enum) else value


def _set(jax: ModuleType, name: str, value: Any) -> contextlib.AbstractContextManager[Any]:
    """A context in which a setting that has this value has the course's own."""
    # In this thread, where JAX has a context manager of the setting's name; JAX 0.7 has that for 64 bits in another room.
    short = name.removeprefix("jax_")
    for room in (jax, import_module("jax.experimental")):
        manager = vars(room).get(short)
        if manager is not None:
            found: contextlib.AbstractContextManager[Any] = manager(_SETTINGS[name].own)
            return found
    return _set_everywhere(jax, name, value)


@contextlib.contextmanager
def _set_everywhere(jax: ModuleType, name: str, value: Any) -> Iterator[None]:
    own = _SETTINGS[name].own
    jax.config.update(name, type(value)[own.upper()] if isinstance(value, Enum) else own)
    try:
        yield
    finally:
        jax.config.update(name, value)


def notes() -> list[str]:
    """What the lessons count on and is set otherwise here: a sentence or two for each, which name it and say what to do."""
    jax = sys.modules.get("jax")
    if not hasattr(jax, "config"):  # not imported, or not yet to its end
        return []
    assert jax is not None
    found = {
        name: value
        for name, value in _others(jax).items()
        if name.upper() in os.environ or _plain(value) not in _SETTINGS[name].as_good
    }
    return [
        f"{_named(some)}: {counts_on}. Cells of a lesson may stop, warn, or show different numbers. To follow the "
        f"lesson, restart the kernel and run `import jax; {_update(some)}` first. A check uses settings of its own."
        for counts_on, some in _grouped(found).items()
    ]


def left_behind() -> list[str]:
    """What a check can't undo of the settings here: a sentence for each that says what to make again."""
    import jax

    found = {name: value for name, value in _others(jax).items() if _SETTINGS[name].stays}
    return [
        f"{_named(some)}, and the check ran without it. If your code uses arrays or keys that another cell made, "
        f"run `{_update(some)}` and that cell again."
        for some in _grouped(found).values()
    ]


def _grouped(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings and their values, by what depends on them."""
    groups: dict[str, dict[str, Any]] = {}
    for name, value in found.items():
        groups.setdefault(_SETTINGS[name].counts_on, {})[name] = value
    return groups


def _named(found: dict[str, Any]) -> str:
    """Settings in words: "JAX_ENABLE_X64=1 is set" where the environment says it, "jax_enable_x64 is True" else."""
    return " and ".join(
        f"{name.upper()}={os.environ[name.upper()]} is set"
        if name.upper() in os.environ
        else f"{name} is {_plain(value)}"
        for name, value in found.items()
    )


def _update(found: dict[str, Any]) -> str:
    """The Python code that gives settings the course's own values."""
    return "; ".join(f'jax.config.update("{name}", {_code(_SETTINGS[name].own)})' for name in found)


def _code(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


class _Watch:
    """Says below a cell of a notebook what is set otherwise than the lessons count on: once, and again where a cell fails."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def after_cell(self, result: Any = None) -> None:
        """IPython's callback `post_run_cell`."""
        now = notes()
        failed = getattr(result, "error_in_exec", None) is not None
        for note in now:
            if failed or note not in self._said:
                print(f"⚠ {note}")
        # What is set back and set again is said again.
        self._said = set(now)


def watch() -> None:
    """Look after each cell of the notebook that is running, this one included; do nothing where none is running."""
    # Where IPython has not been imported, no notebook is running.
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        shell.events.register("post_run_cell", _Watch().after_cell)
