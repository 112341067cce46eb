"""What a panel can hold, described: each control becomes a native HTML element with a label of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# So many positions has a slider that is given no step: one pixel of it is about one of them on a phone.
_POSITIONS = 60
_LOG_POSITIONS = 100


@dataclass(frozen=True)
class Control:
    """One thing to move, press or fill in.

    Attributes:
        name: by which Python knows it.
        label: what it says on the page, and to a screen reader; the name with blanks where empty.
    """

    name: str
    label: str = ""

    @property
    def start(self) -> Any:
        """The value that it has before anybody has touched it."""
        raise NotImplementedError

    def taken(self, value: Any) -> Any:
        """What came from the page, as Python wants it.

        Raises:
            ValueError: it can't have come from this control.
        """
        raise NotImplementedError

    def described(self) -> dict[str, Any]:
        """The control as the page needs it (JSON)."""
        return {
            "kind": type(self).__name__.lower(),
            "name": self.name,
            "label": self.label or self.name.replace("_", " "),
            "start": self.start,
        }

    def _refuse(self, value: Any) -> ValueError:
        return ValueError(f"{self.name} can't be {value!r}")


@dataclass(frozen=True)
class Range(Control):
    """A slider.

    Attributes:
        at: the start.
        low, high: its ends.
        step: from one position to the next, in the unit; a sixtieth of the way where None. Ignored where ``log``.
        log: a position multiplies instead of adding; values are then rounded to two digits.
        unit: written behind the value.
    """

    at: float = 0.0
    low: float = 0.0
    high: float = 1.0
    step: float | None = None
    log: bool = False
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.low <= self.at <= self.high or (self.low == self.high and self.step is None):
            raise ValueError(f"{self.name}: the start {self.at} must lie between {self.low} and {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"{self.name}: a logarithmic slider begins above 0; its lowest value is {self.low}")

    @property
    def start(self) -> float:
        return self.at

    def taken(self, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self._refuse(value)
        kept = min(max(value, self.low), self.high)
        return int(kept) if self._whole else float(kept)

    @property
    def _whole(self) -> bool:
        return isinstance(self.at, int) and isinstance(self.step, int)

    def described(self) -> dict[str, Any]:
        step = (self.high - self.low) / _POSITIONS if self.step is None else self.step
        digits = 0 if self._whole else max(0, math.ceil(-math.log10(step) - 1e-9))
        return super().described() | {
            "low": self.low,
            "high": self.high,
            "step": step,
            "digits": digits,
            "positions": _LOG_POSITIONS if self.log else 0,
            "unit": self.unit,
        }


@dataclass(frozen=True)
class Number(Control):
    """A field for a number, with a browser's own little arrows; None as long as it is empty."""

    at: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""

    @property
    def start(self) -> float | None:
        return self.at

    def taken(self, value: Any) -> float | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self._refuse(value)
        low, high = (end if end is not None else value for end in (self.low, self.high))
        return min(max(value, low), high)

    def described(self) -> dict[str, Any]:
        return super().described() | {"low": self.low, "high": self.high, "unit": self.unit}


@dataclass(frozen=True)
class Text(Control):
    """A field for a line of text, taken over by Enter or by leaving it."""

    at: str = ""
    hint: str = ""
    unit: str = ""
    longest: int = 200

    @property
    def start(self) -> str:
        return self.at

    def taken(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self._refuse(value)
        return value[: self.longest]

    def described(self) -> dict[str, Any]:
        return super().described() | {"hint": self.hint, "unit": self.unit, "longest": self.longest}


@dataclass(frozen=True)
class Choice(Control):
    """One of a few, all in sight: a group of radio buttons, drawn as a row of buttons.

    Attributes:
        options: the texts to choose from.
        at: the one that is chosen first; None for the first option, "" for none.
    """

    options: Sequence[str] = ()
    at: str | None = None

    @property
    def start(self) -> str | None:
        return (self.options[0] if self.at is None else self.at) or None

    def taken(self, value: Any) -> str | None:
        if value is not None and value not in self.options:
            raise self._refuse(value)
        return value

    def described(self) -> dict[str, Any]:
        return super().described() | {"options": list(self.options)}


@dataclass(frozen=True)
class Select(Choice):
    """One of many: a list that opens."""


@dataclass(frozen=True)
class Checkbox(Control):
    """On or off."""

    at: bool = False

    @property
    def start(self) -> bool:
        return self.at

    def taken(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self._refuse(value)
        return value


@dataclass(frozen=True)
class Button(Control):
    """Something to press. Its value is how often it has been pressed; with ``moves`` it moves a slider instead.

    Attributes:
        hint: one line more about what it does.
        sign: a character in front of the label, which a screen reader leaves out.
        moves: the slider, or "" for none.
        by: how many of the slider's steps.
    """

    hint: str = ""
    sign: str = ""
    moves: str = ""
    by: int = 0

    @property
    def start(self) -> int:
        return 0

    def taken(self, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self._refuse(value)
        return value

    def described(self) -> dict[str, Any]:
        return super().described() | {"hint": self.hint, "sign": self.sign, "moves": self.moves, "by": self.by}


@dataclass(frozen=True)
class Play(Button):
    """Moves a slider on by itself, from when it is pressed to its end or to the next press. Nothing plays before it is pressed."""
