"""Why something can't be graded, in two wordings: one for the instructor, and one for the learner who has to mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """What is wrong, and what to do about it. False where nothing is wrong.

    Attributes:
        what: what is wrong, without a period: "x.ipynb is empty"; the rest of such a sentence, until :meth:`of` has named the file.
        ask: what the instructor is to do: "ask for it again"; or "".
        do: what the learner is to do: "hand it in again"; or "".
        you: what is wrong, as the learner is told it, where that is not `what`: "you handed in x.docx".
    """

    what: str = ""
    ask: str = ""
    do: str = ""
    you: str = ""

    def __bool__(self) -> bool:
        return bool(self.what)

    def __str__(self) -> str:
        """As the instructor reads it: "x.ipynb is empty: ask for it again."""
        return _sentence(self.what, self.ask)

    @property
    def told(self) -> str:
        """As the learner reads it: "x.ipynb is empty: please hand it in again."""
        return _sentence(self.you or self.what, self.do and f"please {self.do}")

    def of(self, name: str) -> Reason:
        """The same, said of a file."""
        return Reason(f"{name} {self.what}", self.ask, self.do) if self else self


NOTHING = Reason()


def _sentence(what: str, advice: str) -> str:
    return f"{what}: {advice}." if advice else f"{what}." if what else ""
