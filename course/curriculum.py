"""The lessons in their order: the one table of their numbers. Everything else knows a lesson by its topic.

A lesson's name, "02_the_neuron", is its number and its topic. The name is what its three notebooks are called; the topic,
"the_neuron", is what its exercises (`course/exercises/the_neuron`), its probes and its tests are called. To insert a lesson, change the
table and run `course renumber`, which renames notebooks and follows links and words.
"""

from __future__ import annotations

import re

# A line a lesson. `course list`, `course renumber` and all that looks up a lesson read it here.
LESSONS = (
    "00_start_here",
    "01_gpu_parallelism",
    "02_the_neuron",
    "03_backprop_and_gradient_descent",
    "04_cnn_classification",
    "05_write_a_kernel",
    "06_make_it_fast",
)


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
