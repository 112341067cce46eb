"""How long a learner waits from the start of a kernel to the first trained step of lesson 05's network, part by part.

    make wait        # or: python -m benchmarks.wait [--rounds 7] [--quick]

A kernel is started, as Jupyter starts one, and runs the lesson's own cells: the set-up cell, the imports, the data, the network with
its optimizer, and one step. Everything has been compiled before, as on a learner's second day. Beside it, in turns, the same in a
kernel that is forked from a process which has imported the libraries: what a warm kernel would spare.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from tqdm import tqdm

from benchmarks import report
from benchmarks.measure import Failed, machine, versions
from benchmarks.training.cells import LESSONS, source
from course import compile_cache, terminal
from course.authoring import kernels
from course.curriculum import lesson_of

RESULTS = Path(__file__).parent / "results"
NOTEBOOK = LESSONS / f"{lesson_of('cnn_classification')}.ipynb"
START = "Jupyter starts the kernel"
# Whether the kernel is forked from a warm process.
WAYS = {"kernel": False, "warm kernel": True}
# A kernel that says nothing for so long is given up.
LONGEST_S = 300
PACKAGES = ("jax", "flax", "optax", "ipykernel")


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How often each kind of kernel is started.")] = 7,
    quick: Annotated[bool, typer.Option("--quick", help="One round; nothing is stored.")] = False,
) -> None:
    """Measure the learner's wait, store the figures and write README.md."""
    with tempfile.TemporaryDirectory(prefix="wait-") as kept:
        variables = {compile_cache.SETTING: kept}
        found: dict[str, list[Any]] = {way: [] for way in WAYS}
        with tqdm(total=(1 if quick else 1 + rounds) * len(WAYS), unit="kernel", disable=None) as bar:
            # The first of each fills the compile cache, and is not counted.
            for number in range(1 if quick else 1 + rounds):
                for way in WAYS if number % 2 else reversed(WAYS):
                    parts = once(forked=WAYS[way], variables=variables)
                    if number or quick:
                        found[way].append(parts)
                    bar.update()
    result = {
        "rounds": found,
        "machine": machine(),
        "versions": versions(*PACKAGES),
        "measured_at": datetime.now(UTC).date().isoformat(),
    }
    typer.echo("\n".join(report.wait(result)))
    if not quick:
        (RESULTS / "wait.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        report.write(RESULTS)


def parts() -> dict[str, str]:
    """By name, the code that a learner runs one after the other; all of it the lesson's own, but for the last lines of two."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    set_up, imports = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"][:2]
    model = "model, optimizer = new_run(Reader, seed=0)"
    step = "training_step(model, optimizer, metrics, images[:BATCH], labels[:BATCH]).block_until_ready()"
    metrics = 'metrics = nnx.MultiMetric(loss=nnx.metrics.Average("loss"), accuracy=nnx.metrics.Accuracy())'
    return {
        "the set-up cell": set_up,
        "the imports": imports,
        "the data": source(NOTEBOOK, "images", "labels"),
        "network and optimizer": f"{_without_data('Reader', 'new_run')}\n{model}",
        "the first step": f"{_without_data('training_step')}\n{metrics}\n{step}",
    }


def _without_data(*names: str) -> str:
    """What these names need, but for what the parts before have run already."""
    before = source(NOTEBOOK, "images", "labels").splitlines()
    return "\n".join(line for line in source(NOTEBOOK, *names).splitlines() if line not in before)


def once(*, forked: bool, variables: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """One kernel, from its start to the first step: of each part the seconds by the clock, and those of the processor.

    Raises:
        Failed: a cell raised an error.
    """
    if forked:
        kernels.warm().wait()
    found: dict[str, dict[str, float]] = {}
    manager = kernels.manager(KernelManager, forked=forked)
    begin, used = time.perf_counter(), 0.0
    manager.start_kernel(env={**os.environ, **variables})
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=LONGEST_S)
        for name, code in {START: "", **parts()}.items():
            total = _run(client, name, code)
            now = time.perf_counter()
            found[name] = {"seconds": now - begin, "processor_s": total - used}
            begin, used = now, total
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return found


def _run(client: BlockingKernelClient, name: str, code: str) -> float:
    """Run code in the kernel; the seconds that its process has had of the processor by then."""
    asked = client.execute(code, store_history=False, user_expressions={"used": "__import__('time').process_time()"})
    while True:
        reply = client.get_shell_msg(timeout=LONGEST_S)
        if reply["parent_header"].get("msg_id") == asked:
            break
    if reply["content"]["status"] != "ok":
        raise Failed(f"{name}: {reply['content'].get('ename')}: {reply['content'].get('evalue')}")
    return float(reply["content"]["user_expressions"]["used"]["data"]["text/plain"])


if __name__ == "__main__":
    with terminal.program():
        typer.run(main)
