"""The consoles that the commands print with."""

from __future__ import annotations

import sys

from rich import console

from course import terminal


class Console(console.Console):
    """rich's, for which a reader that has gone is no reason to stop: the command does its work, and its status is its own."""

    def on_broken_pipe(self) -> None:
        """Drop what still comes."""
        self.quiet = True
        terminal.hang_up(sys.stderr if self.stderr else sys.stdout)
