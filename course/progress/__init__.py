"""The learner's map: which exercises are passed, tried and open, and what to do next.

``check(f)`` writes each outcome down (:mod:`course.history`), and ``progress()`` draws the map of them. This module
stays light, as ``import course`` imports it: the function has the room's name (see ``course.predict``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course.progress.page import Map

__all__ = ["progress"]


def progress(lesson: str | int | None = None) -> Map:
    """Your map: the exercises passed, tried and open, lesson by lesson, and what to do next.

    It is drawn from a file on this machine that your checks write; the map says where it lies. Nothing is sent anywhere. To begin
    anew, delete the file. The environment variable COURSE_PROGRESS names another file, or is "off".

    Args:
        lesson: one lesson in detail, by its number or name ("02"); without it, all of them.

    Returns:
        The map; end the cell with it to show it.

    Raises:
        LookupError: there is no such lesson; the message lists those that there are.
    """
    from course.history.file import load
    from course.progress.overview import find_lesson, overview
    from course.progress.page import Map

    only = None if lesson is None else find_lesson(str(lesson))
    found = load()
    return Map(overview(found.outcomes), found.where, found.notes, only)
