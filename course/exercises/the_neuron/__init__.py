"""The exercises of lesson 02, the neuron: y = f(Wx + b)."""

from __future__ import annotations

from course.checks.lesson_02.activations import RELU, SOFTMAX
from course.checks.lesson_02.initialization import HE_INIT
from course.checks.lesson_02.network import COUNT_PARAMETERS, XOR_NETWORK
from course.checks.lesson_02.neurons import BATCHED_LAYER, LAYER, NEURON

# In the order of the lesson.
EXERCISES = (NEURON, LAYER, BATCHED_LAYER, RELU, SOFTMAX, XOR_NETWORK, COUNT_PARAMETERS, HE_INIT)
