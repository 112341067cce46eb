"""The package's room of checks as the sandbox has it: `check` is there, so that notebooks run, and decides nothing."""

from __future__ import annotations

from typing import Any


class Noted:
    """What `check` returns while a submission is graded: the verdict is made elsewhere."""

    passed = None
    mistake = None
    message = "This notebook is being graded; you find the verdict in the feedback."

    def __repr__(self) -> str:
        return self.message

    def _ipython_display_(self) -> None:
        """Nothing."""


def check(function: Any = None, *args: Any, **kwargs: Any) -> Noted:
    """Nothing is checked here."""
    return Noted()
