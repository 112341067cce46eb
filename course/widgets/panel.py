"""A panel: controls that are described in Python, and a function that answers whoever moves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from course.widgets.controls import Button, Control, Range
from course.widgets.front import Drawn, connect, told


@dataclass(frozen=True)
class Answer:
    """What a panel shows from now on.

    Attributes:
        picture: a PNG, or None to keep the one that is there.
        alt: the picture in words.
        words: one line below the controls, which a screen reader reads out as it changes.
        value: controls that are to be moved, by name.
        high: new upper ends of sliders, by name.
    """

    picture: bytes | None = None
    alt: str = ""
    words: str = ""
    value: Mapping[str, Any] = field(default_factory=dict)
    high: Mapping[str, float] = field(default_factory=dict)


class Panel:
    """Controls, a line of words, and a picture. It works without a page, too: ``panel.change(w=2.5)``.

    Args:
        controls: in the order in which they stand.
        on_change: the values of all controls by name, and the names of those that were moved or pressed (none at the start) →
            what to show. An exception is shown in the panel, and the picture before it stays, paled.
        label: of the whole, for a screen reader.
        anywhere: see :func:`course.widgets.front.connect`.

    Attributes:
        controls: by name.
        value: of each control, by name.
        answer: the last one.
        error: what the last call of ``on_change`` raised, in words; empty if it went well.
        front: the anywidget once it has been shown; None before, and where anywidget is missing.

    Raises:
        ValueError: two controls have one name, or a button moves a slider that isn't there.
    """

    def __init__(
        self,
        controls: Sequence[Control],
        on_change: Callable[[dict[str, Any], frozenset[str]], Answer],
        *,
        label: str,
        anywhere: bool = False,
    ) -> None:
        self.controls = {control.name: control for control in controls}
        if len(self.controls) < len(controls):
            raise ValueError("each control needs a name of its own")
        for control in controls:
            moves = control.moves if isinstance(control, Button) else ""
            if moves and not isinstance(self.controls.get(moves), Range):
                raise ValueError(f"{control.name} moves {moves!r}, and there is no such slider")
        self.on_change, self.label, self.anywhere = on_change, label, anywhere
        self.value: dict[str, Any] = {name: control.start for name, control in self.controls.items()}
        self.answer = Answer()
        self.error = ""
        self.front: Any = None
        self._high: dict[str, float] = {}

    def draw(self) -> Answer:
        """Ask ``on_change`` for the first picture.

        Raises:
            Exception: whatever ``on_change`` raises: it belongs into the cell that shows the panel.
        """
        self._follow(self.on_change(dict(self.value), frozenset()))
        return self.answer

    def change(self, **value: Any) -> None:
        """Move controls, as somebody does on the page: ``panel.change(w=2.5)``; a button is pressed with its count."""
        drawn = self._heard({"value": value})
        if self.front is not None:
            with self.front.hold_sync():
                if drawn.picture is not None:
                    self.front.picture = drawn.picture
                self.front.drawn = {"n": self.front.drawn.get("n", 0), **drawn.says}

    def connect(self) -> Any | None:
        """The live front end, made on the first call; None where anywidget is missing."""
        if self.front is None:
            spec = {"label": self.label, "controls": [control.described() for control in self.controls.values()]}
            first = Drawn(self.answer.picture, self._says())
            self.front = connect("panel", spec, first, self._heard, anywhere=self.anywhere)
        return self.front

    def _heard(self, asked: Mapping[str, Any]) -> Drawn:
        before = dict(self.value)
        try:
            for name, value in asked.get("value", {}).items():
                if name not in self.controls:
                    raise ValueError(f"there is no control {name!r}; there are {', '.join(self.controls)}")
                taken = self.controls[name].taken(value)
                self.value[name] = min(taken, self._high[name]) if name in self._high else taken
            moved = frozenset(name for name in before if self.value[name] != before[name])
            self._follow(self.on_change(dict(self.value), moved))
        except Exception as error:  # the learner's function may raise anything, and must not take the page along
            self.error = told(error)
            return Drawn(None, self._says())
        return Drawn(self.answer.picture, self._says())

    def _follow(self, answer: Answer) -> None:
        self.error = ""
        if answer.picture is None:
            answer = replace(answer, picture=self.answer.picture, alt=self.answer.alt)
        self.answer = answer
        self.value |= answer.value
        self._high |= answer.high

    def _says(self) -> dict[str, Any]:
        return {
            "alt": self.answer.alt,
            "words": self.answer.words,
            "error": self.error,
            "value": dict(self.value),
            "high": dict(self._high),
        }
