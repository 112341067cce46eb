"""Text that came from a learner, made harmless once for all who show it: pages, tables, terminals and messages."""

from __future__ import annotations

import re
from collections.abc import Sequence

# What moves the cursor, turns the reading direction round or can't be seen: control characters (a terminal obeys them), bidi
# controls ("Trojan Source", CVE-2021-42574), invisible spaces and tags, and half surrogate pairs, which no file can hold.
# The joiners U+200C and U+200D stay: names and emoji need them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
# What starts a formula in a spreadsheet; some take the full-width forms, too (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
# A spreadsheet's cell holds 32,767 characters; nobody reads a tenth of that.
_CELL = 2_000


def visible(text: str) -> str:
    """The text with every character that acts or hides written out, such as ``\\u202e``; line breaks and tabs stay."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSEEN.sub(lambda found: _escaped(ord(found[0])), lines)


def _escaped(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def line(text: str, longest: int = _CELL) -> str:
    """The text in one line, at most `longest` characters."""
    flat = " ".join(visible(text).split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def cell(text: str) -> str:
    """The text as a cell of a table that a spreadsheet may open: one line, and never a formula.

    What would start a formula gets an apostrophe before it, as OWASP advises
    (https://owasp.org/www-community/attacks/CSV_Injection). Tabs and line breaks, the other ways in, are spaces by then.
    """
    flat = line(text)
    return f"'{flat}" if flat.startswith(_FORMULA) else flat


def some(names: Sequence[str], most: int = 5) -> str:
    """A list of names in a line: "ada, bo and 3 more"."""
    shown = ", ".join(line(name, 60) for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown
