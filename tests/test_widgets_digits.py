"""A drawn digit is prepared as those of MNIST were: 20 × 20 pixels, its center of mass in the middle of 28 × 28."""

from __future__ import annotations

import numpy as np
import pytest

from course.widgets.digits import BOX, EXAMPLES, SIDE, ink, like_mnist


def _box(image: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(image.max(axis=1) > 0.05)[0], np.nonzero(image.max(axis=0) > 0.05)[0]
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


def _center(image: np.ndarray) -> tuple[float, float]:
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    return float((image * y).sum() / image.sum()), float((image * x).sum() / image.sum())


def test_ink_lies_where_the_stroke_went_as_wide_as_the_pen() -> None:
    sheet = ink([[(5, 10), (15, 10)]], pen=2.0)
    assert sheet.shape == (280, 280)
    assert (sheet.min(), sheet.max()) == (0.0, 1.0)
    assert 18 <= np.count_nonzero(sheet[:, 100]) <= 22, "twenty pixels are two units"
    assert not sheet[:, :38].any() and not sheet[:, 162:].any()


def test_a_stroke_of_one_point_is_a_dot_and_ink_beyond_the_sheet_is_cut_off() -> None:
    assert 300 < np.count_nonzero(ink([[(14, 14)]], pen=2.0)) < 360, "a disk of radius 10"
    assert not ink([[(-9, -9), (-5, -5)]]).any()


@pytest.mark.parametrize("stroke", [[(1, 2, 3)], [1, 2], [(1, float("nan"))], []])
def test_what_is_no_stroke_is_refused(stroke: list[object]) -> None:
    with pytest.raises(ValueError, match="a stroke is a list of points"):
        ink([stroke])  # type: ignore[list-item]


@pytest.mark.parametrize("shape", [(100, 50), (50, 100), (7, 7), (30, 3)])
def test_the_longer_side_becomes_20_pixels_and_the_shape_stays(shape: tuple[int, int]) -> None:
    sheet = np.zeros((200, 200))
    sheet[90 : 90 + shape[0], 80 : 80 + shape[1]] = 1
    top, bottom, left, right = _box(like_mnist(sheet))
    height, width = bottom - top + 1, right - left + 1
    assert max(height, width) == BOX
    assert (height, width) == tuple(round(BOX * side / max(shape)) for side in shape)


def test_a_full_square_comes_out_full_and_in_the_middle() -> None:
    wanted = np.zeros((SIDE, SIDE))
    wanted[4:24, 4:24] = 1
    np.testing.assert_array_equal(like_mnist(np.ones((40, 40))), wanted)


def test_it_is_the_center_of_mass_that_comes_to_the_middle_not_that_of_the_box() -> None:
    """A seven: most of its ink is at the top, so it stands lower than a frame around it would."""
    sheet = np.zeros((200, 100))
    sheet[:60] = 1
    sheet[60:, 35:65] = 1
    image = like_mnist(sheet)
    assert np.abs(np.subtract(_center(image), SIDE / 2)).max() <= 0.5
    top, bottom, _, _ = _box(image)
    assert (top + bottom) / 2 > SIDE / 2 + 1


@pytest.mark.parametrize("digit", range(10))
def test_where_and_how_large_a_digit_was_drawn_makes_no_difference(digit: int) -> None:
    strokes = EXAMPLES[digit]
    small = [[(2 + 0.5 * x, 10 + 0.5 * y) for x, y in stroke] for stroke in strokes]
    image, moved = like_mnist(ink(strokes)), like_mnist(ink(small, pen=1.2))
    apart = min(
        np.abs(image - np.roll(moved, shift, (0, 1))).mean() for shift in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
    )
    assert apart < 0.03, "but for a pixel, where the center lies between two"
    assert np.abs(np.subtract(_center(image), SIDE / 2)).max() <= 0.5
    assert (image.dtype, image.shape) == (np.float32, (SIDE, SIDE))
    assert image.min() >= 0 and image.max() <= 1


def test_digits_of_mnist_are_left_nearly_as_they_are() -> None:
    """They were prepared like this once: a second time must change little, or we do something else than MNIST did."""
    from course import load

    images = load("mnist_5k").test.images[:200, :, :, 0]
    again = np.stack([like_mnist(image) for image in images])
    same = [np.array_equal(a, b) for a, b in zip(images, again, strict=True)]
    assert np.mean(same) > 0.9
    boxes = np.array([_box(image) for image in images])
    assert set(np.maximum(boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]) + 1) == {BOX}
    assert np.abs(np.mean([_center(image) for image in images], axis=0) - SIDE / 2).max() < 0.1


def test_a_bare_sheet_stays_bare() -> None:
    assert not like_mnist(np.zeros((280, 280))).any()


def test_a_picture_has_two_axes() -> None:
    with pytest.raises(ValueError, match="height, width"):
        like_mnist(np.zeros((28, 28, 1)))
