"""What commands and checks write, on a terminal of any encoding: what it can't show is written in ASCII, and nothing stops.

`program` is for programs, which own their streams; `say` is for functions that print within another's program.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from typing import TextIO

READABLE = "course.readable"  # the error handler's name

# Signs that stand in columns become one character, so that tables stay straight.
_PLAIN = {
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("─━┄┅┈┉╌╍═╴╶╸╺╼╾", "-"),
    **dict.fromkeys("│┃┆┇┊┋╎╏║╵╷╹╻╽╿▏▕", "|"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’‚‹›′", "'"),
    **{"⚠": "!", "✓": "+", "✔": "+", "✗": "x", "✘": "x", "×": "x", "◐": "~", "○": "o", "●": "*", "•": "*"},
    **{"■": "#", "◧": "=", "□": ".", "▨": "/", "▶": ">", "◀": "<", "✎": ">", "⏎": "/"},
    **{"→": "->", "←": "<-", "↑": "^", "↓": "v", "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~", "±": "+-"},
    **{"÷": "/", "⁄": "/", "√": "sqrt ", "∞": "inf", "∂": "d", "∇": "grad ", "µ": "u", "°": " deg", "€": "EUR"},
    **{"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D"},
}  # fmt: skip
# In a table's cell rich cuts a text to the width and ends it with "…": more than one character would not fit there.
_STYLE = r"(?:\x1b\[[0-9;]*m)*"
_CUT = re.compile(rf"…{_STYLE}(?:(?: {_STYLE})*\|| {_STYLE} )")


@contextlib.contextmanager
def program() -> Iterator[None]:
    """In here standard output and error write in ASCII what they can't encode; at the end, what they still hold."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a notebook's or a test's own stream may be none
            stream.reconfigure(errors=READABLE)
    if os.environ.get("COLUMNS") == "0":  # how some terminals say that they don't know; rich would show nothing
        del os.environ["COLUMNS"]
    try:
        yield
    finally:
        _flush()


def say(text: str) -> None:
    """Print `text`; where the stream can't encode it, what it can, and the rest in ASCII."""
    try:
        try:
            print(text)
        except UnicodeEncodeError as error:
            print(readable(text, error.encoding))
    except BrokenPipeError:
        hang_up(sys.stdout)


def readable(text: str, encoding: str) -> str:
    """`text` as a stream of this encoding can write it."""
    return text.encode(encoding, READABLE).decode(encoding)


def hang_up(stream: TextIO | None) -> None:
    """Write no more to this stream, whose reader has gone (`course list | head -1`): what still comes is dropped."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        descriptor = stream.fileno()  # type: ignore[union-attr]
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, descriptor)
        os.close(nothing)


def _flush() -> None:
    """Write out what the streams still hold; a reader that has gone is no error."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError as error:
            hang_up(stream)
            if error.errno != errno.EPIPE:
                raise
        except ValueError:  # closed
            pass


def _handle(error: UnicodeError) -> tuple[str, int]:
    """Python's error handler: ASCII for the characters that can't be encoded, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_ascii(error.object, at) for at in range(error.start, error.end)), error.end


def _ascii(text: str, at: int) -> str:
    """What stands for the character of `text` at this place; it depends on those around it only for "…" and "·"."""
    sign = text[at]
    if sign == "…":
        return "~" if _CUT.match(text, at) else "..."
    if sign == "·":
        return "-" if text[at - 1 : at].isspace() else "*"
    if sign in _PLAIN:
        return _PLAIN[sign]
    if "\udc80" <= sign <= "\udcff":  # a byte of a file's name that is no text
        return f"\\x{ord(sign) - 0xDC00:02x}"
    if "─" <= sign <= "▟":  # frames and blocks
        return "#" if sign >= "▀" else "+"
    name = unicodedata.name(sign, "")
    if name.startswith("GREEK ") and " LETTER " in name:
        letter = name.split(" LETTER ")[1].split()[0]
        return letter.capitalize() if "CAPITAL" in name else letter.lower()
    parts = unicodedata.normalize("NFKD", sign)
    plain = "".join(_PLAIN.get(part, part) for part in parts if not unicodedata.combining(part))
    if not plain.isascii():
        return f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}"
    return f"^{plain}" if unicodedata.decomposition(sign).startswith("<super>") else plain


codecs.register_error(READABLE, _handle)
