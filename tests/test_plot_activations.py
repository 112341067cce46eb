"""Histograms of what the layers of a network answer, with what tells most about them."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course import plot
from course.checks import find
from course.exercises.the_neuron.pictures import NETWORKS, answers_of


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    plt.close("all")


HALF_DEAD = np.array([[0.0, 3.0, 0.0, 0.0], [0.0, 0.0, 0.0, 4.0]])


def test_under_a_layer_of_relu_stand_its_size_its_zeros_and_its_dead_neurons() -> None:
    (ax,) = plot.activations([HALF_DEAD])
    assert ax.get_xlabel() == "size 1.8\n75% zeros\n50% dead"


def test_under_a_layer_of_tanh_stand_its_size_and_how_much_of_it_is_saturated() -> None:
    (ax,) = plot.activations([np.array([[-1.0, 0.5], [0.98, -0.97]])])
    assert ax.get_xlabel() == "size 0.89\n50% saturated"


def test_only_the_layers_that_are_asked_for_are_drawn_under_their_numbers() -> None:
    axes = plot.activations([HALF_DEAD] * 5, show=(2, 5))
    assert [ax.get_title(loc="left") for ax in axes] == ["layer 2", "layer 5"]


def test_a_layer_of_nothing_but_zeros_is_drawn() -> None:
    (ax,) = plot.activations([np.zeros((3, 2))])
    assert ax.get_xlabel() == "size 0\n100% zeros\n100% dead"


def test_its_words_say_what_stands_under_each_histogram() -> None:
    (ax,) = plot.activations([HALF_DEAD])
    assert "Layer 1: answers from 0 to 4; size 1.8, 75% zeros, 50% dead." in plot.describe(ax.figure)  # type: ignore[arg-type]


def _letter(network: str) -> str:
    """The diagnosis by rule: what a layer's figures say, from the first to the last."""
    layers = answers_of(network)
    first, last = (float(np.sqrt((h**2).mean())) for h in (layers[0], layers[-1]))
    if layers[0].min() < 0:
        return "D" if min((np.abs(h) > 0.97).mean() for h in layers) > 0.5 else "A"
    if (layers[0] == 0).all(axis=0).mean() > 0.3:
        return "E"
    return "B" if last > 100 * first else "C" if last < first / 100 else "A"


def test_each_network_that_is_to_be_diagnosed_has_the_illness_that_counts_as_right() -> None:
    reference = find("diagnose_start").reference
    assert {network: _letter(network) for network in NETWORKS} == {network: reference(network) for network in NETWORKS}


def test_there_is_no_seventh_network() -> None:
    with pytest.raises(ValueError, match="network 7"):
        answers_of("network 7")
