"""What a figure shows, in words: for those who can't see it, computed from the very data that was drawn.

A function that draws says what it knows (`say`); of all else the artists are read (`course.plot.alt_read`). IPython
sends the words along with each figure (`course.plot.alt_hook`); who builds an output by hand uses `display_bundle`.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from course.plot.alt_read import read_axes
from course.plot.alt_words import many, shortened, spoken

# A screen reader can't skim an alternative text, nor go back in it; who wants more has the data in the notebook.
LONGEST = 600
# More panels than these are not read one by one.
_PANELS = 6
_ENOUGH = 30  # characters; less is a label, no description

_said: WeakKeyDictionary[Axes | Figure | SubFigure, list[str]] = WeakKeyDictionary()
_untitled: WeakSet[Axes | Figure | SubFigure] = WeakSet()


def say(where: Axes | Figure | SubFigure, sentence: str, *, instead: bool = False, title: bool = True) -> None:
    """Put in words what is drawn on some axes, or on a whole figure, where the artists alone would not tell it.

    Sentences add up. What is said of axes takes the place of what can be read off its artists; what is said of a
    figure takes the place of all its axes. An empty sentence means that there is nothing to say here.

    Args:
        where: the axes or the figure.
        sentence: one or a few short sentences, the most important first.
        instead: forget what was said of it before.
        title: whether the title is read before it; not where the sentence holds all that it tells.
    """
    said = _said.setdefault(where, [])
    if instead:
        said.clear()
    said.append(sentence.strip())
    (_untitled.discard if title else _untitled.add)(where)


def describe(figure: Figure | SubFigure, longest: int = LONGEST) -> str:
    """What a figure shows, in one to some four sentences: titles, axes with units, and what the data does.

    Args:
        figure: as it was drawn.
        longest: characters; what is longer ends with "…".
    """
    title = spoken(figure.get_suptitle())
    if figure in _said:
        return shortened(_joined([title, " ".join(_said[figure])]), longest)
    axes = [ax for ax in figure.axes if ax.get_visible() and not _is_scale(ax)]
    told = [text for text in (_of_axes(ax) for ax in axes) if text]
    if len(told) > _PANELS:
        named = [spoken(ax.get_title(loc)) for ax in axes for loc in ("left", "center", "right") if ax.get_title(loc)]
        names = f": {', '.join(named)}" if named else ""
        return shortened(_joined([title, f"{len(told)} panels{names}", told[0]]), longest)
    if len(told) > 1:
        # Each gets its share, so that the last is not what is cut; 18 for "Panel 1 of 2: …".
        share = _share([len(text) for text in told], longest - len(title) - 18 * len(told))
        told = [f"Panel {i} of {len(told)}: {shortened(text, share)}" for i, text in enumerate(told, 1)]
    words = shortened(_joined([title, *told]), longest)
    return words if len(words) >= _ENOUGH else shortened(_joined([words, _last_resort(figure)]), longest)


def display_bundle(png: bytes, words: str, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """An output that shows a picture and says it: ``display(data, metadata=metadata, raw=True)``.

    ``metadata["image/png"]["alt"]`` is where IPython's Image and nbconvert keep an alternative text. JupyterLab's renderer
    of PNG files leaves it out (checked in 4.6), so the same picture goes along as HTML, which front ends prefer. In the stored
    notebook the HTML would be the same bytes twice. Of nbconvert's templates only the classic one reads the metadata (checked
    in 7.17), so the package brings a part for the others: course/authoring/nbconvert.

    Args:
        png: the picture.
        words: what it shows, mostly ``describe(figure)``.
        text: for front ends without pictures.

    Returns:
        The data and the metadata, each by MIME type.
    """
    encoded = base64.b64encode(png).decode("ascii")
    data = {"text/plain": text, "image/png": encoded, "text/html": image_tag(encoded, words)}
    return data, {"image/png": {"alt": words}}


def image_tag(encoded: str, words: str, size: dict[str, Any] | None = None) -> str:
    """The picture as HTML, with its alternative text; `size` may hold the width and the height in pixels."""
    shape = "".join(f' {key}="{int(size[key])}"' for key in ("width", "height") if key in size) if size else ""
    return f'<img src="data:image/png;base64,{encoded}" alt="{html.escape(words)}"{shape}>'


def _share(lengths: Sequence[int], room: int) -> int:
    """The length up to which each may go, so that together they fit: what the short ones leave, the long ones have."""
    left = list(lengths)
    while left and (short := [n for n in left if n <= room // len(left)]):
        room -= sum(short)
        left = [n for n in left if n not in short]
    return room // len(left) if left else max(lengths)


def _of_axes(ax: Axes) -> str:
    titles = [spoken(ax.get_title(loc)) for loc in ("left", "center", "right")]
    if ax not in _said:
        try:
            return read_axes(ax, [title for title in titles if title])
        except Exception:  # artists hold whatever somebody gave them; the rest of the figure is still told
            return _joined(titles)
    said = " ".join(_said[ax]).strip()
    return _joined([*([] if ax in _untitled else titles), said]) if said else ""


def _is_scale(ax: Axes) -> bool:
    """A colorbar is a part of the picture that it belongs to."""
    return hasattr(ax, "_colorbar") or ax.get_label() == "<colorbar>"


def _joined(parts: Sequence[str]) -> str:
    """Sentences after each other, each with its full stop."""
    sentences = [part.strip() for part in parts if part and part.strip()]
    return " ".join(part if part[-1] in ".!?…" else f"{part}." for part in sentences)


def _last_resort(figure: Figure | SubFigure) -> str:
    return f"A figure of {many(len(figure.axes), 'panel')}, of which there is no more to say"
