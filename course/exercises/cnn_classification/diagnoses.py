"""what_went_wrong: six confusion matrices, and what each of them tells.

The matrices are drawn by `course.plot.confusion_cases`.
"""

from __future__ import annotations

from collections.abc import Mapping

from course.exercises.choices import choice
from course.exercises.cnn_classification.common import TOPIC

# What the letters mean, as the exercise says it.
A, B, C, D, E, F = "ABCDEF"


def _hints(right: str, **hints: str) -> tuple[str, Mapping[str, str]]:
    return right, hints


WHAT_WENT_WRONG = choice(
    "what_went_wrong",
    TOPIC,
    3,
    {
        "matrix 1": _hints(
            C,
            A="If it had learned nothing, the diagonal would be no darker than the rest.",
            B="If each label were one too high, the diagonal itself would be empty.",
            D="If images and labels were in different orders, every row would look like every other.",
            E="If one class had never been in training, the column of that class would be empty, as the network could never say it.",
            F="Nearly all classes are read well, and two of them are confused in both directions: look at which two.",
        ),
        "matrix 2": _hints(
            B,
            A="It has learned a great deal: each row has one dark place.",
            C="Two classes that look alike would be confused with each other. Here every class is called by one other name, always.",
            D="If images and labels were in different orders, no row would have a dark place at all.",
            E="Every class is said about equally often: no column is empty.",
            F="Badly prepared images are misread in many ways. These mistakes are all of one kind.",
        ),
        "matrix 3": _hints(
            A,
            B="Labels that are one too high would still give each row one dark place, beside the diagonal.",
            C="More than two classes are affected: look at all the columns but one.",
            D="If images and labels were in different orders, all columns would be used, not one alone.",
            E="One class that is missing in training leaves one column empty. Here nearly everything is in one.",
            F="Some images would still be read: even badly prepared ones give different answers for different digits.",
        ),
        "matrix 4": _hints(
            E,
            A="Nine classes are read well, so it has learned a great deal.",
            B="Nine classes lie on the diagonal, where they belong.",
            C="Two classes that look alike would go wrong in both directions, and each would still be said. "
            "Look at the column of the class whose row is spread.",
            D="Nine classes are read well, so images and labels do belong together.",
            F="Badly prepared images would hurt every class, not one row.",
        ),
        "matrix 5": _hints(
            D,
            A="A network that has learned nothing gives one answer to all images, or nearly so. Here each class is said about as often.",
            B="Labels that are one too high would leave one dark place in each row.",
            C="Look at all rows, not at two: is any class told from the others?",
            E="No row and no column differs from the others.",
            F="Badly prepared images still give a darker diagonal, and more of some mistakes than of others. Here all places are alike.",
        ),
        "matrix 6": _hints(
            F,
            A="The diagonal is darker than the rest: it does read many of them.",
            B="The largest count of most rows is on the diagonal.",
            C="More than two classes are confused: count the rows that have lost a third of their images.",
            D="If images and labels were in different orders, the diagonal would be no darker than the rest.",
            E="No column is empty: each class is said.",
        ),
    },
)
