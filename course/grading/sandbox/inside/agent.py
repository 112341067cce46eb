"""Answers the grader's questions inside of the kernel, through the `user_expressions` of an execute request.

Standard protocol, so that floods of output, patched displays and transformers of the source don't touch it.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from course.checks import wire
from course.checks.probes import answer

_NUMBERS = itertools.count()
# What a process does that must not go on as if it were the kernel.
_ENDS: list[Callable[[], None]] = []
MIME = "application/x-course-answer+json"  # as sandbox/inside/__init__.py has it


class Answer:
    """JSON on its way to the grader, as an object that IPython displays as just that."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {MIME: json.dumps(self.data), "text/plain": ""}


def probe(address: str, name: str, args: str | None, limit_s: float) -> Answer:
    """Try the object that the learner called `name` on one input.

    Args:
        address: of the probe, "module:function".
        name: in the notebook's namespace.
        args: the input, as wire.py writes it, in JSON; None where the probe asks the grader's side instead.
        limit_s: seconds.
    """
    shell = _shell()
    if name not in shell.user_ns:
        return Answer({"missing": True})
    given = _ask if args is None else wire.decode(json.loads(args))
    outcome = answer(address, shell.user_ns[name], given, limit_s)
    for end in _ENDS:
        end()
    return Answer({"outcome": wire.encode_outcome(outcome)})


def _shell() -> Any:
    from ipykernel.zmqshell import ZMQInteractiveShell

    return ZMQInteractiveShell.instance()


def _ask(*message: Any) -> Any:
    """Ask the world that lives with the grader; it answers over the channel that `input` uses.

    Raises:
        ValueError: the world refused the question, or an answer to an earlier one came.
    """
    number = next(_NUMBERS)
    reply = json.loads(_shell().kernel.raw_input(json.dumps([number, *message])))
    if reply["number"] != number or "refused" in reply:
        raise ValueError(reply.get("refused", "an answer to another question came"))
    return reply["answer"]


def stay_alone() -> None:
    """A process that is forked off this one ends with the cell or the call in which it was: it never becomes a second kernel.

    It has the same connections, so that its answers would stand in the place of the kernel's.
    """
    kernel = os.getpid()

    def end() -> None:
        if os.getpid() != kernel:
            os._exit(0)

    _ENDS.append(end)
    _shell().events.register("post_execute", lambda *_: end())


def cut_output(limit: int) -> None:
    """From now on a cell may print `limit` characters to each of its two streams; what comes after is dropped.

    It keeps an honest flood from filling the pipes. A dishonest one meets the limits on the other side.
    """
    printed = {"stdout": 0, "stderr": 0}

    def limited(write: Callable[[str], Any], name: str) -> Callable[[str], int]:
        def cut(text: str) -> int:
            left = limit - printed[name]
            if left >= 0 and text:
                printed[name] += len(text)
                write(text[: left + 1])
            return len(text)

        return cut

    streams = {name: getattr(sys, name) for name in printed}
    for name, stream in streams.items():
        stream.write = limited(stream.write, name)

    def start(*_: Any) -> None:
        printed.update(stdout=0, stderr=0)

    def end(*_: Any) -> None:
        # ipykernel flushes whatever stands there after a cell, and falls silent for good if that can't be flushed.
        sys.stdout, sys.stderr = streams["stdout"], streams["stderr"]

    _shell().events.register("pre_execute", start)
    _shell().events.register("post_execute", end)
