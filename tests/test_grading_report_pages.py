"""The pages: what they say, that they can be read by all, and that nothing of a submission acts in them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from fake_class import CNN, NEURON, POINTS, failed, make_class, not_gradable, pair, question, result

from course.curriculum import number_of
from course.grading.model import MISSING, NOT_WRITTEN, PARTLY, RIGHT, STOPPED, WRONG, QuestionResult, Result
from course.grading.report.class_overview import overview
from course.grading.report.feedback import TEMPLATES, lesson_title, page, write_feedback
from course.grading.report.phrases import SIGNS

pytestmark = pytest.mark.one_set

HOSTILE = '</pre></code></title></style><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}\u202e\u2066`*a*`&" onclick="x'


class Page(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    VOID = frozenset({"meta", "br", "wbr"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.text += " " if tag == "br" else ""
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.text += " " if tag in ("td", "th") else ""

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def hostile(lesson: str = HOSTILE) -> Any:
    own = question(HOSTILE, WRONG, headline=HOSTILE, text=(HOSTILE,), limits=(HOSTILE,), code=HOSTILE, mistake=HOSTILE)
    fields: dict[str, Any] = {
        "notes": (HOSTILE,), "limits": (HOSTILE,), "shown": HOSTILE, "identity": {"name": HOSTILE},
        "versions": {HOSTILE: HOSTILE}, "graded_at": HOSTILE,
    }  # fmt: skip
    return result("ada", lesson, own, **fields)


@pytest.mark.parametrize("build", [page, overview])
def test_nothing_of_a_submission_acts(build: Callable[[list[Result]], str]) -> None:
    source = build([hostile(), hostile(lesson="")])
    seen = Page(source)
    assert seen.open == []
    tags = {tag for tag, _ in seen.elements}
    assert tags.isdisjoint({"script", "img", "iframe", "object", "embed", "link", "form", "base", "svg", "input"})
    assert not [
        name
        for _, attributes in seen.elements
        for name in attributes
        if name.startswith("on") or name in ("src", "action")
    ]
    assert all((a["href"] or "").startswith(("#", "feedback/ada.html")) for a in seen.of("a"))
    # It is there to be read, with what hides written out.
    assert "<script>alert(1)</script>" in seen.text and "{{ 7*7 }}" in seen.text and "\\u202e\\u2066" in seen.text
    assert not set(source) & set("\u202e\u2066\ud800\x1b")


def test_a_page_forbids_itself_scripts_and_loading_and_needs_neither() -> None:
    source = page(make_class(1))
    policy = next(
        meta["content"] for meta in Page(source).of("meta") if meta.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None and "default-src 'none'" in policy and "script-src" not in policy
    assert not re.search(r"https?://|url\(|@import", source)


def test_a_page_says_state_points_inputs_hint_and_limit_of_each_question() -> None:
    own = [
        question("neuron"), question("softmax", PARTLY, 3), question("he_init", WRONG), question("relu", NOT_WRITTEN),
        question("layer", MISSING), question("xor_network", STOPPED, 3),
    ]  # fmt: skip
    seen = Page(page([result("ada", NEURON, *own, identity={"name": "Ada Lovelace"})]))
    text = " ".join(seen.text.split())
    assert (
        "Feedback for Ada Lovelace" in text
        and f"{number_of(NEURON)} · The neuron" in text
        and "3.88 of 14 points" in text
    )
    for state in (RIGHT, PARTLY, WRONG, NOT_WRITTEN, MISSING, STOPPED):
        assert text.count(f"{SIGNS[state]} {state}") == 2, state  # in the table, and with the question
    assert "◐ partly · 1.88 of 3 points · 5 of 8 inputs right" in text
    assert "Subtract the largest input of each row first." in text
    assert "It ran into a limit. It ran longer than 300 seconds, so it was stopped." in text
    assert "e / e.sum(axis=-1, keepdims=True)" in text


def first_of(*own: QuestionResult) -> str:
    text = " ".join(Page(page([result("ada", NEURON, *own)])).text.split())
    return text.partition("Look at this first ")[2].partition(" All questions of this lesson")[0]


def test_what_to_look_at_first_is_what_was_written_and_gives_most() -> None:
    own = [
        question("relu", NOT_WRITTEN, 9),
        question("he_init", WRONG, 2),
        question("layer", MISSING, 2, code="def Layer(x):\n    return x"),  # renamed: a word to mend
        question("neuron", WRONG, 1),
        question("batched_layer", MISSING, 4),
        question("softmax", WRONG, 3),
    ]
    assert first_of(*own) == (
        "softmax: wrong, 3 points to gain he_init: wrong, 2 points to gain layer: missing, 2 points to gain "
        "After that, 3 more questions with 14 points to gain: see the table."
    )
    assert "Look at this first" not in Page(page([result("ada")])).text


def test_who_has_written_nothing_begins_with_the_first_question() -> None:
    own = [question(name, NOT_WRITTEN, points) for name, points in POINTS[NEURON].items()]
    assert re.findall(r"(\w+): not written", first_of(*own)) == ["neuron", "layer", "batched_layer"]


def test_points_earned_and_points_to_gain_add_up_to_all_points() -> None:
    own = [question("softmax", PARTLY, 3, share=1 / 8), question("relu", PARTLY, 3)]
    text = " ".join(Page(page([result("ada", NEURON, *own)])).text.split())
    # 0.375 and 1.875 are shown as 0.38 and 1.88.
    assert "2.26 of 6 points" in text and "2.62 points to gain" in text and "1.12 points to gain" in text


def test_a_page_says_which_kinds_of_input_fail_where_some_do() -> None:
    text = Page(page([result("ada", NEURON, question("softmax", PARTLY))])).text
    assert "Not right on: large numbers; a batch of one." in text
    many = question("softmax", PARTLY, failed=tuple(f"kind {i}" for i in range(11)))
    assert "kind 7; and 3 more." in Page(page([result("ada", NEURON, many)])).text
    assert "Not right on" not in page([result("ada", NEURON, question("softmax", WRONG, failed=("all",)))])


def test_a_learner_reads_the_learner_s_words_and_the_instructor_the_instructor_s() -> None:
    one = not_gradable(
        "ada", "ada handed in x.docx: ask for it.", told="You handed in x.docx.", aside=("twice: keep one",)
    )
    mine, theirs = Page(page([one])).text, Page(overview([one])).text
    assert "You handed in x.docx." in mine and "ask for it" not in mine and "keep one" not in mine
    assert "ask for it" in theirs and "keep one" in theirs and "You handed in" not in theirs


def test_a_page_says_the_day_in_words_and_no_versions() -> None:
    text = Page(page([result("ada", graded_at="2026-11-21T16:47:11+00:00")])).text
    assert f"Handed in as ada/{NEURON}.ipynb, graded on 21 November 2026, 16:47 UTC." in text
    assert "jax" not in text and "0.9.0" not in text
    assert "graded on" not in Page(page([result("ada", graded_at="some day")])).text


def test_code_and_emphasis_in_hints_look_as_in_the_notebook() -> None:
    source = page([result("ada", NEURON, question("softmax", WRONG))])
    assert "<code>inf</code>" in source and "<em>each row</em>" in source


def test_a_headline_that_says_more_than_the_state_is_shown() -> None:
    odd = question("relu", WRONG, headline="relu: this is not a function", text=())
    assert "This is not a function" in page([result("ada", NEURON, odd)])
    assert page([result("ada", NEURON, question("relu"))]).count("on all 8 inputs") == 0


def test_a_notebook_that_could_not_be_graded_says_why_and_a_broken_grader_blames_nobody() -> None:
    text = Page(page([not_gradable("ada", "The file is empty.")])).text
    assert "could not be graded" in text and "The file is empty." in text and "0 of 17 points" in text
    text = Page(page([failed("ada")])).text
    assert "the grading itself broke" in text and "points" not in text


def test_a_learner_of_several_lessons_gets_one_page_with_a_section_for_each(tmp_path: Path) -> None:
    write_feedback([result("ada", CNN), result("ada"), result("bo")], tmp_path)
    assert sorted(path.name for path in (tmp_path / "feedback").iterdir()) == ["ada.html", "bo.html"]
    text = (tmp_path / "feedback/ada.html").read_text(encoding="utf-8")
    assert text.index("· The neuron</h2>") < text.index("· CNN classification</h2>")


def test_a_page_tells_neither_the_seed_nor_another_learner() -> None:
    source = page([result("ada", seed=987654321, fingerprint=(123456789,))])
    assert "987654321" not in source and "123456789" not in source


def test_long_code_is_folded_and_endless_code_is_cut_and_neither_takes_long() -> None:
    long = page([result("ada", NEURON, question("xor_network", WRONG))])
    assert "<details>" in long and "Your code (26 lines)" in long
    endless = page([result("ada", NEURON, question("relu", WRONG, code="x = '" + "(" * 5_000_000))])
    assert "The rest is not shown here" in endless and len(endless) < 100_000


@pytest.mark.parametrize("build", [page, overview])
def test_pages_are_built_for_readers_of_all_kinds(build: Callable[[list[Result]], str]) -> None:
    source = build([result("ada"), result("ada", CNN, question("conv2d", WRONG))])
    seen = Page(source)
    assert seen.of("html")[0]["lang"] == "en" and seen.of("title") and len(seen.of("h1")) == 1
    levels = [int(tag[1]) for tag, _ in seen.elements if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(th.get("scope") in ("col", "row") for th in seen.of("th"))
    assert any(meta.get("name") == "viewport" for meta in seen.of("meta"))
    ids = [attributes["id"] for _, attributes in seen.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all((a["href"] or "")[1:] in ids for a in seen.of("a") if (a["href"] or "").startswith("#"))


def luminance(color: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_text_stands_out_by_4_5_to_1(theme: int) -> None:
    block = re.findall(r":root \{.*?\}", (TEMPLATES / "style.css").read_text(encoding="utf-8"), re.S)[theme]
    colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    texts = [name for name in colors if name not in ("page", "box", "edge", "fill")]
    assert len(texts) >= 12
    for name in texts:
        for ground in ("page", "box"):
            bright, dim = sorted((luminance(colors[name]), luminance(colors[ground])), reverse=True)
            assert (bright + 0.05) / (dim + 0.05) >= 4.5, (name, ground)


def test_the_overview_links_each_learner_s_page_and_says_why_one_was_not_graded() -> None:
    lost = result("é@x", "", status="not gradable", problem="There is no notebook.", shown="report.pdf")
    seen = Page(overview([result("ada"), not_gradable("bo", "The file is empty."), failed("cy"), lost]))
    assert [a["href"] for a in seen.of("a")] == [f"feedback/{name}.html" for name in ("ada", "bo", "cy", "%C3%A9%40x")]
    text = " ".join(seen.text.split())
    assert (
        "not gradable: The file is empty." in text
        and "There is no notebook." in text
        and "1 graded, of 17 points" in text
    )


def test_the_overview_says_who_made_a_mistake_in_the_hint_s_words() -> None:
    text = " ".join(
        Page(overview([result(name, NEURON, question("softmax", WRONG)) for name in ("ada", "bo")])).text.split()
    )
    assert (
        "softmax Large inputs overflow: jnp.exp(1000.) is inf. Subtract the largest input of each row first. 2 ada, bo"
        in text
    )
    assert "no_shift" not in text and "no shift" not in text


def test_the_overview_lists_who_is_alike_with_the_columns_explained() -> None:
    results = [result("ada", notes=("late",)), result("bo", identity={"name": "Bo B."}), result("ada", CNN)]
    same = tuple(POINTS[NEURON])
    source = overview(results, [pair("ada", "bo", 1.0, 21, same=same)])
    text = " ".join(Page(source).text.split())
    assert "ada bo Bo B. 100 % 21 the same answers in all 8 questions; ada handed in late" in text
    assert "“Alike” is" in text and "“pieces” is" in text and text.count("Suspiciously alike") == 1
    assert "alike" not in overview(results)


def test_a_lesson_of_which_nothing_was_graded_has_no_bars() -> None:
    source = overview([not_gradable("ada", "The file is empty.")])
    assert (
        "Nothing could be graded." in source
        and "histogram" not in Page(source).text
        and '<div class="bar' not in source
    )
    # The same figures as in grades.csv.
    assert "ada 0 0.0 not gradable: The file is empty." in " ".join(Page(source).text.split())


def test_long_names_of_questions_can_break_and_what_is_hidden_widens_no_page() -> None:
    source = overview([result("ada")])
    assert "count_<wbr>parameters" in source
    assert re.search(r"\.scroll \{[^}]*position: relative", source)


@pytest.mark.parametrize(
    ("name", "title"),
    [(NEURON, f"{number_of(NEURON)} · The neuron"), ("04_cnn_x", "04 · CNN x"), ("odd", "odd"), ("", "")],
)
def test_a_lesson_s_name_reads_as_a_title(name: str, title: str) -> None:
    assert lesson_title(name) == title
