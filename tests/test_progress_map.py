"""The map that `progress()` draws: states, what to do next, and how it reads for everybody."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from progress_files import LESSON, fresh_map, outcome, verdict

from course import progress
from course.authoring.lessons import EXERCISES, course_root, names, stored
from course.checks.registry import LESSONS, exercises
from course.curriculum import lesson_of, number_of, topic_of
from course.history import file as store
from course.history.attempts import Outcome
from course.progress import overview as room
from course.progress.boxes import exercise_file, minutes
from course.progress.overview import Step, find_lesson, overview
from course.progress.page import Map

pytestmark = pytest.mark.one_set

ROOT = course_root(Path(__file__).parent)
FIRST, SECOND, THIRD, LAST = list(LESSONS)[:3] + list(LESSONS)[-1:]


def all_of(*lessons: str, at: int = 0) -> dict[str, Outcome]:
    """Every exercise of these lessons, passed."""
    return {name: outcome(lesson=lesson, at=at) for lesson in lessons for name in exercises(lesson)}


def step(outcomes: dict[str, Outcome]) -> Step:
    return overview(outcomes).next


def test_a_new_learner_begins_with_the_first_exercise_of_the_first_lesson() -> None:
    next_ = step({})
    assert (next_.lesson, next_.heading, next_.folder) == (FIRST, next(iter(exercises(FIRST))), "exercises")
    assert "first exercise" in next_.reason


def test_what_was_begun_in_the_lesson_in_work_comes_first() -> None:
    """Not what was begun in another lesson, nor an earlier exercise that is still open."""
    done = {"timed": outcome(1, FIRST, at=1), "relu": outcome(2, at=2), "softmax": outcome(3, at=3)}
    next_ = step(done)
    assert (next_.heading, next_.say) == ("relu", "go on with {}")
    assert next_.reason == "You have started it: 2 of 5 inputs right."


def test_then_the_next_open_exercise_of_the_lesson_in_work() -> None:
    assert step({"neuron": outcome(at=2), "timed": outcome(1, FIRST, at=1)}).heading == "layer"


def test_after_the_last_exercise_of_a_lesson_comes_the_next_lesson() -> None:
    next_ = step(all_of(FIRST))
    assert (next_.folder, next_.lesson, next_.heading) == ("notebooks", SECOND, "")
    assert "are passed" in next_.reason


def test_a_later_lesson_that_was_begun_is_taken_up_at_what_is_open_there() -> None:
    last = all_of(FIRST, SECOND, at=9)
    begun = list(exercises(THIRD))[1]
    next_ = step({begun: outcome(1), **last})
    assert (next_.lesson, next_.heading) == (THIRD, begun)


def test_after_the_last_lesson_comes_what_was_left_out() -> None:
    done = all_of(*LESSONS, at=1) | all_of(LAST, at=2)
    del done["layer"]
    next_ = step(done)
    assert next_.heading == "layer" and "you skipped this exercise" in next_.reason


def test_who_has_passed_everything_is_told_so(file: Path) -> None:
    next_ = step(all_of(*LESSONS))
    assert (next_.say, next_.href) == ("", "")
    assert next_.reason == f"All {len(exercises())} exercises are passed."
    shown = Map(overview(all_of(*LESSONS)), "")
    assert "Next" not in repr(shown) and "Next" not in shown._repr_html_() and "All" in repr(shown)


def test_an_exercise_that_was_passed_stays_passed_and_its_last_try_is_told() -> None:
    view = overview({"neuron": outcome(2, passed=True)})
    (row,) = [row for row in view.rows() if row.outcome]
    assert (row.state, row.counts) == ("passed", "but not on the last try, 2 of 5 inputs right")
    assert view.count("tried") == 0


def test_outcomes_of_exercises_that_the_course_does_not_have_are_passed_over() -> None:
    view = overview({"no_such": outcome(lesson="77_later")})
    assert view.count("open") == len(exercises())


@pytest.mark.parametrize("lesson", [path.stem for path in stored(ROOT, [EXERCISES])])
def test_every_exercise_has_its_minutes_from_its_box(lesson: str) -> None:
    found = minutes(ROOT / "exercises" / f"{lesson}.ipynb")
    assert set(exercises(lesson)) <= set(found)
    assert all(1 <= found[name] <= 60 for name in exercises(lesson))


def test_without_the_exercise_notebooks_the_map_has_no_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.ipynb").write_text("{}")
    assert minutes(tmp_path / "bad.ipynb") == minutes(tmp_path / "none.ipynb") == minutes(None) == {}
    assert exercise_file("77_later") is None
    monkeypatch.setattr(room, "exercise_file", lambda lesson: None)
    assert overview({}).lessons[0].minutes_left is None


def test_the_minutes_left_are_those_of_what_is_not_passed() -> None:
    times = minutes(ROOT / "exercises" / f"{LESSON}.ipynb")
    view = overview({"neuron": outcome(), "layer": outcome(1)})
    (lesson,) = [one for one in view.lessons if one.name == LESSON]
    assert lesson.minutes_left == sum(times[name] for name in exercises(LESSON)) - times["neuron"]


@pytest.mark.parametrize("lesson", [name for name in names(ROOT) if name in LESSONS])
def test_a_lesson_is_called_as_its_notebook_calls_it(lesson: str) -> None:
    (one,) = [one for one in overview({}).lessons if one.name == lesson]
    assert f'"# {one.title}' in (ROOT / "notebooks" / f"{lesson}.ipynb").read_text(encoding="utf-8")


def test_a_lesson_is_found_by_its_number_topic_and_name() -> None:
    number, topic = number_of(LESSON), topic_of(LESSON)
    # The last is what it is called where its number was another.
    for wanted in (number, str(int(number)), topic, LESSON, f"{LESSON}.ipynb", f"77_{topic}"):
        assert find_lesson(wanted) == LESSON
    with pytest.raises(LookupError, match=f"There is no lesson '77'. There are {FIRST}, "):
        progress(77)


# --- how it is shown


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return fresh_map(tmp_path, monkeypatch)


@pytest.fixture
def begun(file: Path) -> Callable[..., Map]:
    """The map of a learner who has passed `neuron`, and `layer` but not on the last try, and tried `relu`."""
    store.record(LESSON, verdict("neuron"))
    store.record(LESSON, verdict("layer"))
    store.record(LESSON, verdict("layer", 4))
    store.record(LESSON, verdict("relu", 2, said="Is `a < b` meant? <script>alert(1)</script> & more."))
    return progress


def parsed(map_: Map) -> ElementTree.Element:
    return ElementTree.fromstring(f"<main>{map_._repr_html_()}</main>")


@pytest.mark.parametrize("lesson", [None, "the_neuron"])
def test_the_html_is_well_formed_and_what_a_check_said_stays_text(
    begun: Callable[..., Map], lesson: str | None
) -> None:
    page = parsed(begun(lesson))
    assert not [*page.iter("script")]
    assert "a < b" in "".join(page.itertext())


def test_the_table_can_be_read_aloud(begun: Callable[..., Map]) -> None:
    """A real table: headers of columns and rows; a bar that says what it shows; each state in a word."""
    for map_ in (begun(), begun("the_neuron")):
        (table,) = parsed(map_).iter("table")
        assert {th.get("scope") for th in table.iter("th")} == {"col", "row"}
        assert all(len(row) == len(table[0][0]) for row in table.iter("tr"))
    bars = [one.get("aria-label") for one in parsed(begun()).iter() if one.get("role") == "img"]
    others = len(exercises(LESSON)) - 3
    assert len(bars) == len(LESSONS) and f"2 passed, 1 tried, {others} open" in bars


@pytest.mark.parametrize("lesson", [None, "the_neuron"])
def test_page_and_text_say_the_same(begun: Callable[..., Map], lesson: str | None) -> None:
    map_ = begun(lesson)
    page = set(re.findall(r"\w+", unescape(re.sub(r"<[^>]+>", " ", map_._repr_html_()))))
    text = set(re.findall(r"\w+", repr(map_)))
    heads = {
        "Exercise",
        "Exercises",
        "Lesson",
        "Passed",
        "State",
        "Tries",
        "Minutes",
        "The",
        "the",
        "last",
        "tries",
        "check",
    }
    assert text - page <= heads
    assert {word for word in page - text - heads if not word.isdigit()} <= {"script"}


def test_states_have_a_sign_and_a_word_beside_their_color(begun: Callable[..., Map]) -> None:
    for said in (repr(begun()), begun()._repr_html_()):
        for words in ("✓ passed: neuron, layer (but not on the last try, 4 of 5 inputs right)",
                      "◐ tried: relu (2 of 5 inputs right)", "○ open: batched_layer"):  # fmt: skip
            assert words in said


def test_the_suggestion_says_what_the_last_check_said(begun: Callable[..., Map]) -> None:
    said = repr(begun()).splitlines()[1]
    assert said.startswith(
        f"Next: go on with relu (exercises/{lesson_of('the_neuron')}.ipynb). You have started it: 2 of 5 inputs right."
    )
    assert said.endswith("The last check said: Is `a < b` meant?")


def test_the_link_leads_to_the_heading_where_the_notebook_is_there(
    begun: Callable[..., Map], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT / "notebooks")
    (link,) = parsed(begun()).iter("a")
    assert (
        link.get("href") == f"../exercises/{lesson_of('the_neuron')}.ipynb#relu" and "".join(link.itertext()) == "relu"
    )
    monkeypatch.chdir(tmp_path)
    assert not [*parsed(begun()).iter("a")], "on Colab there is no file to link to"
    assert f"exercises/{lesson_of('the_neuron')}.ipynb" in begun()._repr_html_()


def test_one_lesson_s_map_suggests_within_it_until_it_is_done(file: Path) -> None:
    store.record(LESSON, verdict("neuron"))
    assert progress("backprop").next.lesson == lesson_of("backprop")
    assert progress("the_neuron").next.heading == "layer"
    for name in exercises(LESSON):
        store.record(LESSON, verdict(name))
    assert progress("the_neuron").next.folder == "notebooks"


def test_the_map_says_where_it_lies_and_that_it_is_sent_nowhere(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "in the file that COURSE_PROGRESS names, and nothing is sent anywhere" in repr(progress())
    monkeypatch.delenv(store.VARIABLE)
    monkeypatch.delenv("PYTEST_VERSION")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert re.search(r"in ~/.*progress\.json, and nothing is sent anywhere", repr(progress()))
    assert not file.exists(), "to look is not to write"


def test_the_course_exports_the_function_whatever_was_imported_before() -> None:
    """Room and function share a name: the room must never take the function's place."""
    import course
    from course.progress import page, words

    assert page.words is words and course.progress is progress and callable(course.progress)
