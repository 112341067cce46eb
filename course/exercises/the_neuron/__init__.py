"""The exercises of lesson 02, the neuron: y = f(Wx + b)."""

from __future__ import annotations

from course.exercises.the_neuron.activations import RELU, SOFTMAX
from course.exercises.the_neuron.counts import COUNT_PARAMETERS, LAYER_NUMBERS
from course.exercises.the_neuron.curves import CURVE_THROUGH
from course.exercises.the_neuron.initialization import HE_INIT
from course.exercises.the_neuron.network import XOR_NETWORK
from course.exercises.the_neuron.neurons import BATCHED_LAYER, LAYER, NEURON
from course.exercises.the_neuron.start import DIAGNOSE_START, START_NETWORK

# In the order of the lesson.
EXERCISES = (
    NEURON,
    LAYER,
    BATCHED_LAYER,
    RELU,
    XOR_NETWORK,
    CURVE_THROUGH,
    SOFTMAX,
    COUNT_PARAMETERS,
    LAYER_NUMBERS,
    HE_INIT,
    DIAGNOSE_START,
    START_NETWORK,
)
