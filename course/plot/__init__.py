"""The course's pictures. Every function takes plain arrays and returns the Axes that it drew on."""

from course.plot import alt_hook
from course.plot.accesses import accesses, thread_path
from course.plot.activations import activations
from course.plot.alt import describe, say
from course.plot.best import best
from course.plot.blocks import block_map, traffic
from course.plot.chips import chips
from course.plot.convolution import gallery, heat, patches, window
from course.plot.curves import axis_lines, bars, curves
from course.plot.descent import descent, fate
from course.plot.graph import expression, graph
from course.plot.images import images, templates
from course.plot.joints import joints
from course.plot.ladder import ladder
from course.plot.landscape import landscape
from course.plot.multiprocessor import multiprocessor
from course.plot.neuron import boundary, diagram, knobs, normal_arrow
from course.plot.player import player
from course.plot.roofline import roofline
from course.plot.scores import confusion, confusion_cases, reliability
from course.plot.separation import separation
from course.plot.shapes import product
from course.plot.style import BLUE, COLORS, GRAY, GREEN, ORANGE, PURPLE, RED, SKY, row
from course.plot.threads import address_map, banks, lanes, thread_grid
from course.plot.timeline import timeline
from course.plot.trace import trace
from course.plot.training import Live, learning_curves, loss_pairs
from course.plot.tree import tree
from course.plot.warps import warp_map
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
    "accesses",
    "activations",
    "address_map",
    "axis_lines",
    "banks",
    "bars",
    "best",
    "block_map",
    "boundary",
    "chips",
    "confusion",
    "confusion_cases",
    "curves",
    "descent",
    "describe",
    "diagram",
    "expression",
    "fate",
    "gallery",
    "graph",
    "heat",
    "images",
    "joints",
    "knobs",
    "ladder",
    "landscape",
    "lanes",
    "learning_curves",
    "loss_pairs",
    "multiprocessor",
    "normal_arrow",
    "patches",
    "player",
    "product",
    "reliability",
    "roofline",
    "row",
    "say",
    "separation",
    "sliders",
    "templates",
    "thread_grid",
    "thread_path",
    "timeline",
    "trace",
    "traffic",
    "tree",
    "warp_map",
    "window",
]

# From here on each figure that IPython shows says what it shows.
alt_hook.install()
