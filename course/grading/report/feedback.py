"""What a learner gets back: one page, which any browser opens, with nothing to load and nothing that runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.authoring.notebook import write
from course.grading.model import (
    FAILED,
    MISSING,
    NOT_GRADABLE,
    NOT_WRITTEN,
    PARTLY,
    RIGHT,
    STOPPED,
    WRONG,
    QuestionResult,
    Result,
)
from course.grading.report.files import Written, file_name
from course.grading.report.text import SIGNS, in_order, line, name_of, number, percent, plural, visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
# The name of a state in the style sheet.
CLASSES = {
    RIGHT: "right",
    PARTLY: "partly",
    WRONG: "wrong",
    NOT_WRITTEN: "open",
    MISSING: "open",
    STOPPED: "stopped",
    FAILED: "stopped",
    NOT_GRADABLE: "wrong",
}
# Longer code is folded, still longer is not colored (a lexer's time is the submission's to choose), and the longest is cut.
_FOLD_LINES, _COLOR_CHARS, _SHOW_CHARS = 20, 20_000, 60_000
_FIRST = 3
_ACRONYMS = frozenset({"cnn", "gpu", "jax", "onnx"})


def write_feedback(results: Sequence[Result], out: Path) -> Written:
    """Write ``feedback/<learner>.html``: a page for each learner, with a section for each lesson.

    Args:
        results: of one run, in any order.
        out: the folder that holds ``feedback``; made if needed.

    Raises:
        GradingError: a learner's key can't name a file.
    """
    learners: dict[str, list[Result]] = {}
    for result in in_order(results):
        learners.setdefault(result.learner, []).append(result)
    for learner, own in learners.items():
        write(out / "feedback" / f"{file_name(learner)}.html", page(own))
    return Written((out / "feedback",) if learners else ())


def page(results: Sequence[Result]) -> str:
    """The page of one learner, as HTML.

    It shows what the results hold and nothing else, so no hidden input's answer and nothing of the solution. Everything from a
    submission is escaped, characters that act or hide are written out, and the page forbids itself all scripts and loading.

    Args:
        results: of one learner, at least one, a lesson each.
    """
    sections = [_section(result, f"l{index}") for index, result in enumerate(results, 1)]
    who = next(filter(None, map(name_of, results)), "") or results[0].learner
    return environment().get_template("feedback.html").render(who=who, sections=sections)


def lesson_title(lesson: str) -> str:
    """A lesson's name as a heading: "02 · The neuron" for "02_the_neuron"."""
    digits, _, rest = lesson.partition("_")
    words = [word.upper() if word in _ACRONYMS else word for word in rest.split("_")]
    title = " ".join(words)
    return f"{digits} · {title[:1].upper()}{title[1:]}" if digits.isdigit() and rest else lesson


@lru_cache
def environment() -> Environment:
    """The templates' environment: it escapes, and writes out what can't be seen, in every value that a template shows."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Markup is what the filters below made, from text that was made visible.
        finalize=lambda value: visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value,
    )
    made.filters |= {"paragraph": _paragraph, "colored": _colored, "number": number, "line": line}
    made.globals |= {"plural": plural, "SIGNS": SIGNS, "CLASSES": CLASSES}
    return made


def _section(result: Result, anchor: str) -> dict[str, Any]:
    questions = [_question(question, f"{anchor}q{index}") for index, question in enumerate(result.questions, 1)]
    lost = [q for q in questions if q["lost"] > 0 and q["state"] != RIGHT]
    # First what has a named mistake, as it says what to do; among those where most is to be gained.
    lost.sort(key=lambda q: (not q["mistake"], q["state"] in (NOT_WRITTEN, MISSING), -q["lost"]))
    return {
        "result": result,
        "anchor": anchor,
        "title": lesson_title(result.lesson) or "A lesson that could not be told",
        "failed": result.status == FAILED,
        "share": percent(result.points, result.possible) or "0",
        "questions": questions,
        # Platforms mark a late hand-in with the bare word.
        "notes": ["Handed in late." if note.casefold() == "late" else note for note in result.notes]
        + list(result.limits),
        "first": lost[:_FIRST] if result.status not in (FAILED, NOT_GRADABLE) else [],
    }


def _question(question: QuestionResult, anchor: str) -> dict[str, Any]:
    code = question.code.strip("\n")
    shown = code[:_SHOW_CHARS]
    return {
        "anchor": anchor,
        "name": question.name,
        "state": question.state,
        "mistake": question.mistake,
        "points": question.points,
        "possible": question.possible,
        "lost": question.possible - question.points,
        "cases": f"{question.cases_passed} of {plural(question.cases, 'input')} right" if question.cases else "",
        "headline": _more(question),
        "text": question.text,
        "limits": question.limits,
        "code": shown,
        "lines": code.count("\n") + 1,
        "folded": code.count("\n") >= _FOLD_LINES,
        "cut": len(shown) < len(code),
    }


def _more(question: QuestionResult) -> str:
    """The headline without what the page says beside it: the name, the state, the number of inputs."""
    rest = question.headline.removeprefix(f"{question.name}: ")
    usual = r"right, on all \d+ inputs?|not right yet \(\d+ of \d+ inputs? right\)|" + re.escape(question.state)
    return "" if re.fullmatch(usual, rest) else rest[:1].upper() + rest[1:]


def _paragraph(text: str) -> Markup:
    """A paragraph with its `code` and *emphasis*, as `check` shows it in the notebook."""
    from markupsafe import Markup

    from course.checks.verdict import inline

    return Markup(inline(visible(text)))


@lru_cache(maxsize=4096)
def _colored(code: str) -> Markup:
    """Python code as HTML, colored by pygments, which escapes it; a class has the same answer, so it is kept."""
    from markupsafe import Markup, escape

    if len(code) > _COLOR_CHARS:
        return escape(visible(code))
    from pygments import highlight

    return Markup(highlight(visible(code), *_pygments()).rstrip("\n"))


@lru_cache
def _pygments() -> tuple[Any, Any]:
    """Its lexer and formatter, which take longer to make than to use."""
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)
