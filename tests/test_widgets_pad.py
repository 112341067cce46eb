"""The pad: what is drawn is prepared and read, stroke by stroke, and a network that fails is told so on the page."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course import pad
from course.drawing_pad import Pad
from course.widgets.digits import EXAMPLES, SIDE

FOUR, SEVEN = ([[list(point) for point in stroke] for stroke in EXAMPLES[k]] for k in (4, 7))


def tall_or_wide(image: np.ndarray) -> np.ndarray:
    """A network of a kind: a 1 is tall and narrow, everything else a 4."""
    p = np.full(10, 0.01)
    p[1 if np.count_nonzero(image.max(axis=0) > 0.5) < 6 else 4] = 0.91
    return p


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    bundles: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, metadata, raw: bundles.append(bundle))
    return bundles


@pytest.fixture
def sheet(shown: list[dict[str, Any]]) -> Pad:
    sheet = pad(tall_or_wide)
    sheet._ipython_display_()
    return sheet


def test_the_still_shows_an_example_that_was_read(sheet: Pad, shown: list[dict[str, Any]]) -> None:
    assert shown[0]["text/plain"] == "Pad: reads 4, 91 %"
    assert base64.b64decode(shown[0]["image/png"]).startswith(b"\x89PNG")
    assert not plt.get_fignums()
    assert sheet.probabilities is not None and sheet.probabilities.argmax() == 4
    assert sheet.image.shape == (SIDE, SIDE)


def test_what_is_drawn_on_the_page_is_read(sheet: Pad) -> None:
    sheet.front.asked = {"n": 1, "strokes": [[[14, 4], [14, 24]]]}
    assert (sheet.front.drawn["n"], sheet.front.drawn["words"]) == (1, "reads 1, 91 %")
    assert sheet.front.drawn["probabilities"][1] == 0.91
    assert len(sheet.front.picture) == SIDE * SIDE
    assert sheet.probabilities is not None and sheet.probabilities.argmax() == 1
    np.testing.assert_allclose(
        np.frombuffer(sheet.front.picture, np.uint8).reshape(SIDE, SIDE) / 255, sheet.image, atol=0.003
    )


def test_the_page_says_where_the_ink_is(sheet: Pad) -> None:
    sheet.front.asked = {"n": 1, "strokes": [[[14, 4], [14, 24]]]}
    assert (
        sheet.front.drawn["seen"] == "what the network sees: 28 × 28 pixels, with ink in rows 5 to 24, columns 14 to 15"
    )


def test_a_cleared_pad_asks_nothing(sheet: Pad) -> None:
    sheet.front.asked = {"n": 1, "strokes": []}
    assert sheet.front.drawn["probabilities"] is None
    assert sheet.front.drawn["words"] == "nothing drawn yet"
    assert sheet.front.drawn["seen"] == "what the network sees: no ink"
    assert sheet.probabilities is None and not sheet.image.any()


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda image: np.zeros((1, 10)), "it returned (1, 10)"),
        (lambda image: np.arange(10.0), "Is softmax missing?"),
        (lambda image: np.full(10, np.nan), "Is softmax missing?"),
        (lambda image: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_network_that_gives_no_probabilities_is_told_so_on_the_page(read: Any, says: str, sheet: Pad) -> None:
    sheet.read = read
    sheet.front.asked = {"n": 1, "strokes": FOUR}
    assert says in sheet.front.drawn["error"]
    assert sheet.front.drawn["n"] == 1
    sheet.read = tall_or_wide
    sheet.front.asked = {"n": 2, "strokes": FOUR}
    assert sheet.front.drawn["error"] == ""


def test_a_network_that_fails_at_once_fails_in_the_cell(shown: list[dict[str, Any]]) -> None:
    with pytest.raises(RuntimeError, match="Is softmax missing"):
        pad(lambda image: np.arange(10.0))._ipython_display_()


@pytest.mark.parametrize("strokes", [[[["a", 1]]], [[[1, 2, 3]]], [[[0, 0]] * 20_001], [[]]])
def test_nonsense_from_the_page_is_refused_in_words(strokes: Any, sheet: Pad) -> None:
    sheet.front.asked = {"n": 1, "strokes": strokes}
    assert sheet.front.drawn["error"].startswith("ValueError")


def test_the_network_may_do_with_its_image_what_it_likes(shown: list[dict[str, Any]]) -> None:
    def greedy(image: np.ndarray) -> np.ndarray:
        image[:] = 0
        return np.full(10, 0.1)

    sheet = pad(greedy)
    sheet._ipython_display_()
    assert sheet.image.any()


def test_classes_and_example_can_be_chosen(shown: list[dict[str, Any]]) -> None:
    sheet = pad(lambda image: [0.25, 0.75], classes=("shirt", "shoe"), strokes=SEVEN)
    sheet._ipython_display_()
    assert sheet.words == "reads shoe, 75 %"
    assert sheet.front.spec["strokes"] == SEVEN
    assert sheet.front.spec["classes"] == ["shirt", "shoe"]
