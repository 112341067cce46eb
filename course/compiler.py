"""What `jax.jit` lets one choose, what it compiles, and what a profiler saw of that."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jax

from course import backend, settings

_INSTRUCTION = re.compile(r"^\s*(?:ROOT\s+)?%?([\w.\-]+) = (.*)$", re.M)
_ORIGIN = re.compile(r'op_name="([^"]*)"')


@dataclass(frozen=True)
class Ran:
    """One run of one instruction of a compiled program, as the profiler saw it.

    Attributes:
        op: the instruction's name in the compiled program.
        start_ms, end_ms: in milliseconds from the first run that was seen.
    """

    op: str
    start_ms: float
    end_ms: float


def read_trace(folder: str | Path) -> list[Ran]:
    """The instructions that ran while `jax.profiler.trace(folder)` recorded, in order of their start.

    The file is a protocol buffer that XLA calls an XSpace: planes (the host, each GPU) hold lines (threads, streams) of events, and
    an event of an instruction has its name as the statistic "hlo_op". `jax.profiler.ProfileData` parses it.

    Raises:
        FileNotFoundError: nothing was recorded in the folder.
    """
    from jax.profiler import ProfileData

    files = sorted(Path(folder).rglob("*.xplane.pb"))
    if not files:
        raise FileNotFoundError(f"there is no trace in {folder}: record one with `with jax.profiler.trace(folder): …`.")
    found: list[tuple[str, float, float]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a type in jaxlib without a module
        for plane in ProfileData.from_file(str(files[-1])).planes:
            for line in plane.lines:
                for event in line.events:
                    op = dict(event.stats).get("hlo_op")
                    if op and event.duration_ns:
                        found.append((str(op), event.start_ns, event.start_ns + event.duration_ns))
    begin = min((start for _, start, _ in found), default=0.0)
    return [
        Ran(op, (start - begin) / 1e6, (end - begin) / 1e6) for op, start, end in sorted(found, key=lambda one: one[1:])
    ]


def parts_of(compiled: Any, names: Sequence[str], other: str = "other") -> Mapping[str, str]:
    """Which part of a compiled program each of its instructions belongs to, by the names given with `jax.named_scope`.

    XLA keeps the scope of an instruction in its metadata. An instruction that XLA put there itself has none; it belongs to the part
    that uses its result.

    Args:
        compiled: `jax.jit(f).lower(…).compile()`.
        names: of the scopes.
        other: what an instruction without any belongs to.
    """
    scope = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")
    lines = dict(_INSTRUCTION.findall(compiled.as_text()))
    parts: dict[str, str] = {}
    users: dict[str, list[str]] = {}
    for name, line in lines.items():
        origin = _ORIGIN.search(line)
        if origin and (named := scope.findall(origin[1])):
            parts[name] = named[-1]
        for used in set(re.findall(r"[\w.\-]+", line.partition(" metadata=")[0])) & lines.keys():
            users.setdefault(used, []).append(name)
    # An instruction comes before those that use it.
    for name in reversed(list(lines)):
        if name not in parts:
            parts[name] = next((parts[user] for user in users.get(name, ()) if parts.get(user, other) != other), other)
    return parts


@cache
@settings.own()
def without_ynnpack() -> dict[str, Any]:
    """For `jax.jit(f, **without_ynnpack())`: on a CPU, compile without the library YNNPACK.

    Newer versions of XLA hand convolutions, products and sums to YNNPACK there, older ones to Eigen or to code of their own
    (openxla/xla: xla/backends/cpu/ynn_emitter.cc; the option xla_cpu_experimental_ynn_fusion_type lists what YNNPACK may do). Which
    is faster depends on the shapes and the version.

    Returns:
        Keyword arguments; empty where this JAX doesn't know the option, and on a GPU.
    """
    if backend.start() != "cpu":
        return {}
    chosen: dict[str, Any] = {"compiler_options": {"xla_cpu_experimental_ynn_fusion_type": ""}}
    try:
        jax.jit(lambda x: x, **chosen)(0.0)
    except jax.errors.JaxRuntimeError:  # an unknown option
        return {}
    return chosen
