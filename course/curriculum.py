"""The lessons in their order: the one table of their numbers. Everything else knows a lesson by its topic.

A lesson's name, "02_the_neuron", is its number and its topic. The name is what its three notebooks are called; the topic,
"the_neuron", is what its exercises (`course/exercises/the_neuron`), its probes and its tests are called. To insert a lesson, give its
topic a line here and run `course renumber`: notebooks, links and words follow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# A line a lesson; its place is its number, from 00 on.
TOPICS = (
    "start_here",
    "gpu_parallelism",
    "the_neuron",
    "backprop",
    "gradient_descent",
    "cnn_classification",
    "roofline",
    "write_a_kernel",
    "make_it_fast",
)
# Lessons to come, numbered on, as texts name some of them already. A line moves up when its notebooks are there.
TO_COME = (
    "scale_out",
    "deeper_networks",
    "object_detection",
    "object_tracking",
    "face_verification",
    "robustness",
    "deployment",
    "attention",
)


def numbered(topics: Sequence[str]) -> tuple[str, ...]:
    """The lessons' names, in the order of these topics."""
    return tuple(f"{number:02}_{topic}" for number, topic in enumerate(topics))


# What each lesson's three notebooks are called.
LESSONS = numbered(TOPICS)


def topic_of(name: str) -> str:
    """The topic of a lesson's name, whatever its number is or was: "the_neuron" of "02_the_neuron", and of "the_neuron"."""
    return re.sub(r"^\d{2}_", "", name)


def number_of(name: str) -> str:
    """The number in a lesson's name, "02"; "" where it has none."""
    return name[:2] if topic_of(name) != name else ""


def lesson_of(topic: str) -> str:
    """The name of the lesson on a topic, as it is called today: "02_the_neuron" for "the_neuron".

    Args:
        topic: the topic, or a name of the lesson with its number of today or of another day.

    Raises:
        KeyError: there is none; the message lists the lessons.
    """
    for name in LESSONS:
        if topic_of(name) == topic_of(topic):
            return name
    raise KeyError(f"there is no lesson {topic!r}; there are {', '.join(LESSONS)}")
