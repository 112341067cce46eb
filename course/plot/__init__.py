"""The course's pictures. Every function takes plain arrays and returns the Axes that it drew on."""

from course.plot.convolution import gallery, heat, window
from course.plot.curves import axis_lines, bars, curves
from course.plot.images import images, templates
from course.plot.neuron import boundary, diagram, knobs, normal_arrow
from course.plot.roofline import roofline
from course.plot.scores import confusion, reliability
from course.plot.style import BLUE, COLORS, GRAY, GREEN, ORANGE, PURPLE, RED, SKY, row
from course.plot.timeline import timeline
from course.plot.training import Live, learning_curves
from course.plot.tree import tree
from course.plot.widgets import sliders

__all__ = [
    "BLUE",
    "COLORS",
    "GRAY",
    "GREEN",
    "ORANGE",
    "PURPLE",
    "RED",
    "SKY",
    "Live",
    "axis_lines",
    "bars",
    "boundary",
    "confusion",
    "curves",
    "diagram",
    "gallery",
    "heat",
    "images",
    "knobs",
    "learning_curves",
    "normal_arrow",
    "reliability",
    "roofline",
    "row",
    "sliders",
    "templates",
    "timeline",
    "tree",
    "window",
]
