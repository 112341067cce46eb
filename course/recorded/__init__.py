"""What the lessons measured on other devices: one file a chip, `lessons_<chip>.json`, written by `make gpu-record`.

A learner on a laptop sees such a number beside their own. Without a file nothing is shown.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

# Another folder, for tests and rehearsals.
VARIABLE = "COURSE_RECORDED"


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
    """

    chip: str
    recorded_at: str
    software: dict[str, str] = field(default_factory=dict)
    roof: dict[str, float] = field(default_factory=dict)
    lessons: dict[str, dict[str, float | str]] = field(default_factory=dict)

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
