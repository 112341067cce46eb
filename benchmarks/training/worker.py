"""The process that one contender runs in: commands come in as lines of JSON, answers go out as lines of JSON.

    python -m benchmarks.training.worker '{"entry": "course", "network": "cnn", "half": false, "folder": "…", "born": 1.5, …}'

`born` is the system's monotonic clock just before the process was started; the first answer comes when one step is trained, and says
how long after.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.training.contenders import ENTRIES
from benchmarks.training.task import Contender, Images, order_of, start_weights

# How often one batch is answered before that is timed: the first time it may have to be compiled.
_WARM_UP = 3


class Worker:
    """A contender, trained as it is told."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._born, self._batch = given["born"], given["batch"]
        entry = ENTRIES[given["entry"]]
        module = import_module(f"benchmarks.training.contenders.{entry.module}")
        # Anew for each process, as the contender itself is: what the data costs to open, each pays alike.
        self._images = Images.open(Path(given["folder"]))
        make, network = module.Contender, given["network"]
        self._contender: Contender = make(network, start_weights(network), half=given["half"], **entry.options)
        self._contender.load(self._images.train_images, self._images.train_labels)
        self._epoch = 0

    def first_step(self) -> dict[str, Any]:
        """One step. `since` is seconds from the start of the process to its end."""
        losses = self._contender.train(self._order(self._batch)[:1])
        return {"since": time.monotonic() - self._born, "loss": float(np.mean(losses))}

    def epoch(self, batch: int) -> dict[str, Any]:
        """An epoch, from the second step on if it is the first. `since` is seconds from the start of the process to its end."""
        losses = self._contender.train(self._order(batch)[1 if self._epoch == 0 else 0 :])
        self._epoch += 1
        return {"since": time.monotonic() - self._born, "loss": float(np.mean(losses))}

    def train(self, batch: int, steps: int) -> dict[str, Any]:
        """`steps` steps of an epoch, over and over if they are more than one holds."""
        self._epoch += 1
        order = self._order(batch)
        order = np.resize(order, (steps, batch))
        begin = time.perf_counter()
        losses = self._contender.train(order)
        return {"seconds": time.perf_counter() - begin, "losses": np.asarray(losses, float).tolist()}

    def answer(self, size: int, calls: int) -> dict[str, Any]:
        """The seconds of each of `calls` calls on `size` test images."""
        images = np.ascontiguousarray(np.resize(self._images.test_images, (size, 28, 28, 1)))
        for _ in range(_WARM_UP):
            self._contender.logits(images)
        taken = []
        for _ in range(calls):
            begin = time.perf_counter()
            self._contender.logits(images)
            taken.append(time.perf_counter() - begin)
        return {"seconds": taken}

    def score(self) -> dict[str, Any]:
        """The share of the test images that are read correctly; `since` is seconds from the start of the process."""
        size, right = 1_000, 0
        for begin in range(0, len(self._images.test_labels), size):
            said = self._contender.logits(self._images.test_images[begin : begin + size]).argmax(axis=1)
            right += int((said == self._images.test_labels[begin : begin + size]).sum())
        accuracy = right / len(self._images.test_labels)
        return {"since": time.monotonic() - self._born, "accuracy": accuracy}

    def memory(self) -> dict[str, Any]:
        """The most memory that this process has had, in bytes."""
        try:
            # Not ru_maxrss, which on Linux begins with what the process had that started this one: getrusage(2), proc(5).
            status = Path("/proc/self/status").read_text(encoding="utf-8")
            return {"peak_bytes": 1024 * int(status.split("VmHWM:")[1].split()[0])}
        except (OSError, IndexError):
            unit = 1 if sys.platform == "darwin" else 1024
            return {"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}

    def _order(self, batch: int) -> np.ndarray:
        return order_of(len(self._images.train_labels), batch, self._epoch)


def main() -> None:
    """Answer commands until the standard input ends."""
    # Answers have a channel of their own: libraries print, too.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    given = json.loads(sys.argv[1])
    if given["cores"] and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, given["cores"])

    def say(what: dict[str, Any]) -> None:
        out.write(json.dumps(what) + "\n")
        out.flush()

    worker = Worker(given)
    say(worker.first_step())
    for line in sys.stdin:
        command = json.loads(line)
        say(getattr(worker, command.pop("do"))(**command))


if __name__ == "__main__":
    main()
