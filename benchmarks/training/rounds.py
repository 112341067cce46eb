"""Measure the contenders in turns, A B C A B C, so that whatever else the machine does meets all of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.measure import Failed
from benchmarks.training.contenders import BASE, ENTRIES
from benchmarks.training.remote import Remote
from benchmarks.training.task import BATCHES, EPOCH_BATCH

ANSWERS = {1: 200, 1_000: 5}  # {images: calls that are timed}
# The first losses agree to this part, as weights and images are the same; and the first epoch's, whose rounding drifts apart.
_SAME_LOSS = {False: (1e-3, 0.05), True: (0.05, 0.25)}


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        starts: how often each contender's process is started with compiled code kept from before; with none, the first time,
            when nothing was kept, has to serve.
        rounds: how often training and answering are timed.
        seconds: about how long one timing of training takes.
        warm_up: images that are trained on before, in each of two runs.
        goal_epochs: after so many the race to a goal is given up.
        gpu: on a GPU, where there is one.
        cores: that a process may use, by number; none says all.
    """

    starts: int = 3
    rounds: int = 5
    seconds: float = 1.5
    warm_up: int = 2_048
    goal_epochs: int = 15
    gpu: bool = False
    cores: Sequence[int] = ()


Step = Callable[[str], None]


def turns(names: Sequence[str], rounds: int) -> Iterator[str]:
    """All names once a round, each round beginning with another."""
    for number in range(rounds):
        first = number % len(names)
        yield from (*names[first:], *names[:first])


def steps_to_come(names: Sequence[str], plan: Plan) -> int:
    """How many times `measure` calls its `step` for one network and one precision."""
    return len(names) * (1 + plan.starts + plan.rounds * (len(BATCHES) + len(ANSWERS)))


def measure(
    network: str, names: Sequence[str], folder: Path, plan: Plan, step: Step, *, half: bool = False
) -> dict[str, Any]:
    """All figures of one network. `step` is called before each measurement, with what it is.

    Args:
        network: a name of NETWORKS.
        names: of ENTRIES, which train it; BASE among them.
        folder: with the images; what is compiled is kept there, for this network and precision alone.
        plan: how much.
        step: told what comes next.
        half: in bfloat16.

    Returns:
        Plain data: "first_time" {name: what a start gave}, "starts" {name: [what a start gave]}, "images_per_s"
        {batch: {name: [images/s]}}, "answer_s" {images: {name: [s a call]}}.

    Raises:
        Failed: a contender broke, or does other work than the others.
    """
    kept = folder / f"{network}_{'half' if half else 'float32'}"

    def start(name: str) -> Remote:
        return Remote(name, network, folder, kept, EPOCH_BATCH, gpu=plan.gpu, half=half, cores=plan.cores)

    first_time: dict[str, Any] = {}
    starts: dict[str, list[Any]] = {name: [] for name in names}
    for number, name in enumerate(turns(names, 1 + plan.starts)):
        step(f"{network}: {ENTRIES[name].title}, from the start")
        with start(name) as remote:
            found = _start(remote)
        if number < len(names):
            first_time[name] = found
        else:
            starts[name].append(found)
    if not plan.starts:
        starts = {name: [found] for name, found in first_time.items()}
    _agree(network, starts, half)
    with ExitStack() as stack:
        remotes = {name: stack.enter_context(start(name)) for name in names}
        speed = {batch: _train(remotes, batch, network, plan, step) for batch in BATCHES}
        answers = {size: _answer(remotes, size, network, plan, step) for size in ANSWERS}
    return {"first_time": first_time, "starts": starts, "images_per_s": speed, "answer_s": answers}


def _start(remote: Remote) -> dict[str, float]:
    """From the start of a process to the end of its first epoch, and what it has learnt by then."""
    epoch = remote.ask("epoch", batch=EPOCH_BATCH)
    memory = remote.ask("memory")["peak_bytes"]  # before the test images are answered
    return {
        "first_step_s": remote.started["since"],
        "epoch_s": epoch["since"],
        "first_loss": remote.started["loss"],
        "epoch_loss": epoch["loss"],
        "accuracy": remote.ask("score")["accuracy"],
        "peak_mb": memory / 1e6,
    }


def _agree(network: str, starts: Mapping[str, Sequence[Mapping[str, float]]], half: bool) -> None:
    """Who has other losses than the others does other work, and can't be compared with them."""
    for key, within in zip(("first_loss", "epoch_loss"), _SAME_LOSS[half], strict=True):
        usual = median(found[0][key] for found in starts.values())
        for name, found in starts.items():
            if not abs(found[0][key] - usual) <= within * usual:
                raise Failed(
                    f"{network}, {ENTRIES[name].title}: its {key.replace('_', ' ')} is {found[0][key]:.4g}, "
                    f"the others' {usual:.4g}: this is not the same work"
                )


def _train(remotes: Mapping[str, Remote], batch: int, network: str, plan: Plan, step: Step) -> dict[str, list[float]]:
    """Images/s of each contender in each round."""
    counts = {}
    for name, remote in remotes.items():
        # The first compiles for this batch. The second, as long as the third and later, tells how many fill the time.
        few = max(2, plan.warm_up // batch)
        remote.ask("train", batch=batch, steps=few)
        a_step = remote.ask("train", batch=batch, steps=few)["seconds"] / few
        counts[name] = max(few, math.ceil(plan.seconds / a_step))
        remote.ask("train", batch=batch, steps=counts[name])  # a loop on the device is compiled for its length
    found: dict[str, list[float]] = {name: [] for name in remotes}
    for name in turns(list(remotes), plan.rounds):
        step(f"{network}: {ENTRIES[name].title}, batches of {batch}")
        seconds = remotes[name].ask("train", batch=batch, steps=counts[name])["seconds"]
        found[name].append(batch * counts[name] / seconds)
    return found


def _answer(remotes: Mapping[str, Remote], size: int, network: str, plan: Plan, step: Step) -> dict[str, list[float]]:
    """Seconds of a call on `size` images, the median of a round's calls, of each contender in each round."""
    found: dict[str, list[float]] = {name: [] for name in remotes}
    for name in turns(list(remotes), plan.rounds):
        step(f"{network}: {ENTRIES[name].title}, answering {size}")
        found[name].append(median(remotes[name].ask("answer", size=size, calls=ANSWERS[size])["seconds"]))
    return found


def ratios(found: Mapping[str, Sequence[float]], name: str) -> list[float]:
    """Each round's figure of `name` over that of BASE in the same round."""
    return [mine / base for mine, base in zip(found[name], found[BASE], strict=True)]
