"""Words and numbers for grade books and pages. What came from a learner is made harmless here, once for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal

from course.grading.model import MISSING, NOT_WRITTEN, PARTLY, RIGHT, STOPPED, WRONG, Result

# A state is told by its sign and its word, so that nobody has to tell colors apart.
SIGNS = {RIGHT: "✓", PARTLY: "◐", WRONG: "✗", NOT_WRITTEN: "○", MISSING: "–", STOPPED: "■"}

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


def number(value: float) -> str:
    """A number of points: at most two decimals, and none where none are needed; a half goes up, never against the learner."""
    rounded = Decimal(repr(float(value))).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{rounded:f}".rstrip("0").rstrip(".")


def percent(points: float, possible: float) -> str:
    """The share in percent, one decimal; "" where there was nothing to earn."""
    return f"{100 * points / possible:.1f}" if possible else ""


def plural(count: int, one: str, many: str = "") -> str:
    """A number with its noun: "1 learner", "2 learners"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def in_order(results: Iterable[Result]) -> list[Result]:
    """By learner, then lesson; workers finish in any order, and files must not depend on it."""
    return sorted(results, key=lambda result: (result.learner.casefold(), result.learner, result.lesson, result.key))


def by_lesson(results: Iterable[Result]) -> dict[str, list[Result]]:
    """The results of each lesson, lessons in order. Those whose lesson could not be told are left out."""
    found: dict[str, list[Result]] = {}
    for result in in_order(results):
        if result.lesson:
            found.setdefault(result.lesson, []).append(result)
    return dict(sorted(found.items()))


def possible_in(results: Sequence[Result]) -> float:
    """The points that one lesson gives; a result that was never graded may list no questions."""
    return max((result.possible for result in results), default=0.0)


def name_of(result: Result) -> str:
    """The learner's name as the platform told it, or ""."""
    return result.identity.get("name", "")


def remarks(result: Result) -> Iterator[str]:
    """The notes and limits of a result, those of its questions by name."""
    yield from result.notes
    yield from result.limits
    for question in result.questions:
        for limit in question.limits:
            yield f"{question.name}: {limit}"


def is_late(result: Result) -> bool:
    """Was it handed in late? The platform says so in a note that begins with "late"."""
    return any(note.casefold().startswith("late") for note in result.notes)
