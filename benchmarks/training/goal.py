"""How long until 99 % of MNIST's test images are read, from the first step and from the start of the process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.training.contenders import ENTRIES
from benchmarks.training.remote import Remote
from benchmarks.training.rounds import Plan, turns
from benchmarks.training.task import EPOCH_BATCH, Images

GOAL = 0.99


def race(names: Sequence[str], folder: Path, plan: Plan, images: Images, say: Callable[[str], None]) -> dict[str, Any]:
    """Train each until it reaches GOAL on the test images, which are read after each epoch, the reading included.

    Returns:
        {name: [{"epochs", "accuracy", "from_start_s", "from_first_step_s"} of each start]}; nothing for images with nothing to
        learn. "from_…" is None where the goal was not reached.
    """
    if not images.real:
        return {}
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for name in turns(names, max(1, plan.starts)):
        say(f"{ENTRIES[name].title}, to {GOAL:.0%}")
        with Remote(name, "cnn", folder, folder / "goal", EPOCH_BATCH, gpu=plan.gpu, cores=plan.cores) as remote:
            found[name].append(_until(remote, plan.goal_epochs))
    return found


def _until(remote: Remote, most: int) -> dict[str, Any]:
    accuracy, epochs = 0.0, 0
    while accuracy < GOAL and epochs < most:
        remote.ask("epoch", batch=EPOCH_BATCH)
        told = remote.ask("score")
        accuracy, epochs = told["accuracy"], epochs + 1
    first = remote.started["since"]
    reached = told["since"] if accuracy >= GOAL else None
    return {
        "epochs": epochs,
        "accuracy": accuracy,
        "from_start_s": reached,
        "from_first_step_s": None if reached is None else reached - first,
    }
