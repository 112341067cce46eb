"""What the lessons measured on other devices: one file a chip, `lessons_<chip>.json`, written by `make gpu-record`.

A learner on a laptop sees such a number beside their own. Without a file nothing is shown.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

# Another folder, for tests and rehearsals.
VARIABLE = "COURSE_RECORDED"
# The pictures that are recorded, by their titles, and which lines of each; None says a roofline, which is recorded whole.
PICTURES: dict[str, tuple[str, ...] | None] = {
    "GELU: which is fastest depends on how much there is to do": ("jit",),
    "four operations under the roof of this device": None,
    "products of matrices, from tiny to large": None,
    "the parts of a network under the roof of this device": None,
}
# What was measured for those of them that this session has drawn.
drawn: dict[str, dict[str, Any]] = {}


@dataclass(frozen=True)
class Record:
    """The lessons on one device.

    Attributes:
        chip: the device's name, as JAX calls it: "NVIDIA H200".
        recorded_at: the day, "2026-11-30".
        software: versions, such as {"jax": "0.12.0", "driver": "570.86"}.
        roof: the measured peaks of the device: {"flops": FLOP/s, "bandwidth": B/s}.
        lessons: by the lesson's topic, the answer to each guess that is measured, by its question: a number in the guess's unit,
            or one of its choices.
        pictures: what was measured for a picture, by the picture's title: for a roofline {"points": {name: [FLOP/byte, FLOP/s]}},
            for curves {"x": [...], "lines": {name: [...]}}.
    """

    chip: str
    recorded_at: str
    software: dict[str, str] = field(default_factory=dict)
    roof: dict[str, float] = field(default_factory=dict)
    lessons: dict[str, dict[str, float | str]] = field(default_factory=dict)
    pictures: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The chip's short name with its article: "an H200", "a T4"."""
        short = re.sub(r"^(?:(?:NVIDIA|GeForce|Tesla)\s+)+|\s+\d+GB.*$|-.*$", "", self.chip)
        # Letters whose names begin with a vowel.
        return f"{'an' if short[:1].upper() in 'AEFHILMNORSX' else 'a'} {short}"


def folder() -> Path:
    """Where the files lie."""
    return Path(os.environ.get(VARIABLE) or Path(__file__).parent)


def file_name(chip: str) -> str:
    """The name of a chip's file: "lessons_nvidia_h200.json"."""
    words = re.sub(r"\W+", "_", chip).strip("_").lower()
    return f"lessons_{words}.json"


def records() -> list[Record]:
    """What was recorded, one record a chip; a file that can't be read counts as none."""
    return list(_read(folder()))


@cache
def _read(where: Path) -> tuple[Record, ...]:
    found = []
    for path in sorted(where.glob("lessons_*.json")):
        try:
            found.append(Record(**json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, TypeError, ValueError):
            continue
    return tuple(found)


def this_device() -> str:
    """The name of the device on which JAX computes; "" where it hasn't started, as then nothing was measured on it."""
    jax = sys.modules.get("jax")
    return str(jax.devices()[0].device_kind) if jax else ""


def picture(title: str, measured: dict[str, Any]) -> list[tuple[Record, dict[str, Any]]]:
    """Keep what was measured for a picture of PICTURES; and what was measured for it on other devices, each with its record."""
    if title not in PICTURES:
        return []
    drawn[title] = measured
    return [(one, one.pictures[title]) for one in records() if title in one.pictures and one.chip != this_device()]


def elsewhere(question: str, here: str) -> list[tuple[str, Any]]:
    """The answers to a question on other devices, each as the device's name with its article and the answer.

    Args:
        question: of the guess, as the lesson asks it.
        here: the name of this device, whose own record isn't shown.
    """
    return [
        (one.name, answers[question])
        for one in records()
        for answers in one.lessons.values()
        if one.chip != here and question in answers
    ]
