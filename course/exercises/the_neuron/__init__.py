"""The exercises of lesson 02, the neuron: y = f(Wx + b)."""

from __future__ import annotations

from course.exercises.the_neuron.activations import RELU, SOFTMAX
from course.exercises.the_neuron.initialization import HE_INIT
from course.exercises.the_neuron.network import COUNT_PARAMETERS, XOR_NETWORK
from course.exercises.the_neuron.neurons import BATCHED_LAYER, LAYER, NEURON

# In the order of the lesson.
EXERCISES = (NEURON, LAYER, BATCHED_LAYER, RELU, SOFTMAX, XOR_NETWORK, COUNT_PARAMETERS, HE_INIT)
