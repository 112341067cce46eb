"""The learner's map as the sandbox has it: `progress` is there, so that notebooks run; nothing is kept, and there is no map."""

from __future__ import annotations

from typing import Any


class NoMap:
    """What `progress` returns while a submission is graded."""

    def __repr__(self) -> str:
        return "This notebook is being graded; nothing is kept."


def progress(*args: Any, **kwargs: Any) -> NoMap:
    """Nothing is shown here."""
    return NoMap()
