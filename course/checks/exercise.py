"""What an exercise is: declared once, as data, and used for feedback, for tests and for grades (see the README)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from course.checks import probes
from course.checks.probes import WrongAnswer
from course.checks.probes.program import Written

__all__ = ["Case", "Exercise", "How", "Mistake", "World", "WrongAnswer"]


@dataclass(frozen=True)
class Case:
    """One input on which an answer is tried.

    Attributes:
        label: what is special about it, a noun phrase that goes into a message: "a batch of one".
        args: what the learner's function is called with; NumPy arrays arrive as JAX arrays.
        shown: how the input is described in a message, where its values would not help.
    """

    label: str
    args: tuple[Any, ...]
    shown: str | None = None


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that learners really give, and the hint that names it without giving the answer away.

    Attributes:
        name: a short id, such as "transposed".
        hint: one to three sentences.
        wrong: a small wrong implementation; it may raise, as the learner's would.
    """

    name: str
    hint: str
    wrong: Callable[..., Any]


@dataclass(frozen=True)
class How:
    """What an exercise asks of the way, told by the program: where it is graded, nothing else decides about it.

    Attributes:
        written: writes the learner's function down as a program, for the arguments of a case.
        cases: the places of the cases whose sizes tell most.
        judge: ``judge(program, *args)`` raises WrongAnswer where the program, a :class:`course.checks.program.Program`, does it
            in another way than was asked for.
        tells: ``tells(*args)`` says whether the way matters in a case. Where it doesn't, the numbers decide: a loop over one row is none.
        runs: ``runs(*args)`` gives the arguments for each time that the program is run.
        agree: ``agree(got, want, *args)`` returns None, or a sentence that says what is wrong with what the runs gave: a list of
            lists of arrays. By default they have to be what the reference's program gives.
    """

    written: Written
    cases: tuple[int, ...] = (-1,)
    judge: Callable[..., None] | None = None
    tells: Callable[..., bool] = lambda *args: True
    runs: Callable[..., Sequence[tuple[Any, ...]]] = lambda *args: [args]
    agree: Callable[..., str | None] | None = None

    @property
    def written_at(self) -> str:
        """Where `written` is found in another process."""
        return probes.address(self.written)


class World(Protocol):
    """What a learner's code deals with, and must not be able to look into; it lives where the verdict is made."""

    def ask(self, op: str, *given: Any) -> Any:
        """One question, of text and numbers; the answer is None, text, a number, or a list of them.

        Raises:
            ValueError: the question makes no sense; it may come from a process that lies.
        """


def as_it_came(raw: Any, *args: Any) -> Any:
    """The usual measure: what the probe brought back is compared as it is."""
    return raw


@dataclass(frozen=True)
class Exercise:
    """One exercise. Its name is the name of the function (or class) that the learner writes.

    An answer is tried in two steps. The probe runs beside the learner's code, in the sandbox when it is graded, and brings
    back raw what came. The verdict is made elsewhere, by what stands here: `measure`, `explain`, `accept`, and the `world`.

    Attributes:
        name: the function's name, and the id everywhere.
        topic: of the lesson, such as "the_neuron".
        points: what it is worth; shared equally among its cases.
        reference: a right implementation.
        right: ``right(*args)`` is what is compared of a right answer, in NumPy: given where the reference would have to be
            compiled, and a learner to wait for that.
        cases: draws the inputs from a NumPy generator, small ones first: unequal values, non-square, a batch of one.
        mistakes: at least three, each of which differs from the reference and from the others on some case.
        probe: ``probe(f, *args)`` tries the learner's object; a function of `course.checks.probes` (see there).
        measure: ``measure(raw, *args)`` turns what the probe brought back, as plain data, into what is compared: plain numbers
            (arrays, scalars, tuples of them). It may raise WrongAnswer.
        explain: ``explain(failure, besides, *args)`` returns the sentence that is to be said instead of a failure's own, or None;
            ``besides`` is what the probe found out after the failure, or None.
        world: ``world(*args)`` makes what the learner's code deals with in a case. The probe is then called as ``probe(f, ask)``
            and gets no input but what the world answers.
        rtol, atol: how close an answer must be: ``|got − want| ≤ atol + rtol·|want|``; whole numbers have to be the same.
        accept: replaces that comparison: ``accept(got, want, *args)`` returns None, or a sentence that says what is wrong. What
            a sentence gives away of a right answer, it holds as a :class:`course.checks.compare.Told`.
        remark: ``remark(raw, *args)`` says something more of a right answer, from what the probe brought back of the last case: how
            well it does, say. None where there is nothing to say.
        parts: names for the parts of a tuple answer, used in messages.
        given: names for the parts of the input, used in messages; where the probe is `call`, the reference's own do.
        edges: the labels of the cases at an edge, such as a batch of one: of several that fail, a plain one is shown.
        limit_s: seconds that one case may take.
        kind: what the learner does in it: writes a function, repairs a given one, tells from pictures or numbers what is wrong, or
            estimates a number before running anything.
        whole: points are given for all cases together, where the answer to a single one is easily guessed, as a letter is.
        how: what is asked of the way, where the program tells; the probe then names mistakes, and decides only in the notebook.
    """

    name: str
    topic: str
    points: int
    reference: Callable[..., Any]
    cases: Callable[[np.random.Generator], Sequence[Case]]
    mistakes: tuple[Mistake, ...]
    probe: Callable[..., Any] = probes.call
    measure: Callable[..., Any] = as_it_came
    right: Callable[..., Any] | None = None
    explain: Callable[..., str | None] | None = None
    world: Callable[..., World] | None = None
    rtol: float = 1e-4
    atol: float = 1e-5
    accept: Callable[..., str | None] | None = None
    remark: Callable[..., str | None] | None = None
    parts: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    limit_s: float = 20.0
    kind: Literal["write", "repair", "diagnose", "estimate"] = "write"
    whole: bool = False
    how: How | None = None

    @property
    def address(self) -> str:
        """Where the probe is found in another process: "course.checks.probes.the_neuron:draw"."""
        return probes.address(self.probe)

    @property
    def chosen(self) -> bool:
        """Whether the answer is a letter, or a number to a factor: the same for each draw, and with no way that could be wrong."""
        return self.kind in ("diagnose", "estimate")

    def draw(self, seed: int) -> list[Case]:
        """The cases of this seed; the same seed always gives the same ones."""
        return list(self.cases(np.random.default_rng(seed)))
