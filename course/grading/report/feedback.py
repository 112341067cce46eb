"""What a learner gets back: one page, which any browser opens, with nothing to load and nothing that runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from course.grading.report.files import Written, file_name, write_text
from course.grading.report.phrases import (
    SIGNS,
    beyond,
    earned,
    failing,
    in_order,
    inputs,
    more,
    name_of,
    number,
    percent,
    plural,
    to_gain,
    told,
    when,
)
from course.grading.safe_text import line, visible

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
        write_text(out / "feedback" / f"{file_name(learner)}.html", page(own))
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
    made.filters |= {"paragraph": _paragraph, "colored": _colored, "number": number, "points": _points, "line": line}
    made.globals |= {"plural": plural, "SIGNS": SIGNS, "CLASSES": CLASSES}
    return made


def _section(result: Result, anchor: str) -> dict[str, Any]:
    questions = [_question(question, f"{anchor}q{index}") for index, question in enumerate(result.questions, 1)]
    first, rest = look_first(result.questions)
    return {
        "result": result,
        "anchor": anchor,
        "title": lesson_title(result.lesson) or "A lesson that could not be identified",
        "failed": result.status == FAILED,
        "points": earned(result),
        "share": percent(earned(result), result.possible) or "0",
        "problem": told(result),
        "questions": questions,
        # Platforms mark a late hand-in with the bare word.
        "notes": [
            "Handed in late." if note.casefold() == "late" else note[:1].upper() + note[1:] for note in result.notes
        ]
        + list(result.limits),
        "first": [questions[index] for index in first],
        "rest": len(rest),
        "rest_lost": sum(questions[index]["lost"] for index in rest),
        "when": when(result.graded_at),
    }


def look_first(questions: Sequence[QuestionResult]) -> tuple[list[int], list[int]]:
    """Which questions a learner should look at first, and which others lack points; as places in `questions`.

    First what was written, where a small change may give the points: the most to gain first, of the same the one whose mistake has
    a name, as that says what to do. Then what is still to be written, in the lesson's order, which goes from easy to hard.
    """
    lost = [(index, one) for index, one in enumerate(questions) if one.state != RIGHT and to_gain(one) > 0]
    written = [(index, one) for index, one in lost if one.state != NOT_WRITTEN and one.code.strip()]
    written.sort(key=lambda pair: (-to_gain(pair[1]), not pair[1].mistake, pair[0]))
    order = list(dict.fromkeys(index for index, _ in [*written, *lost]))
    return order[:_FIRST], order[_FIRST:]


def _question(question: QuestionResult, anchor: str) -> dict[str, Any]:
    code = question.code.strip("\n")
    shown = code[:_SHOW_CHARS]
    return {
        "anchor": anchor,
        "name": question.name,
        "state": question.state,
        "points": question.points,
        "possible": question.possible,
        "lost": to_gain(question),
        "cases": inputs(question),
        "headline": more(question),
        "text": [text for text in (*question.text, failing(question), beyond(question)) if text],
        "limits": question.limits,
        "code": shown,
        "lines": code.count("\n") + 1,
        "folded": code.count("\n") >= _FOLD_LINES,
        "cut": len(shown) < len(code),
    }


def _points(value: float) -> str:
    return f"{number(value)} {'point' if value == 1 else 'points'}"


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
