"""The consoles that the commands print with."""

from __future__ import annotations

import sys
from typing import Any

from rich import console
from rich.text import Text

from course import terminal


class Console(console.Console):
    """rich's, for terminals of any encoding, and for those whose reader has gone (`course list | head -1`).

    The command then does its work, and its status is its own.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        """As rich does it; what the terminal can't show is replaced before a table is laid out, not after."""
        if not self.encoding.startswith("utf"):
            text = terminal.readable(text, self.encoding)
        return super().render_str(text, **options)

    def on_broken_pipe(self) -> None:
        """Drop what still comes."""
        self.quiet = True
        terminal.hang_up(sys.stderr if self.stderr else sys.stdout)
