"""`make bench`: measure how fast the course's networks train, beside other libraries; store the figures; write README.md."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer
from tqdm import tqdm

from benchmarks import report
from benchmarks.measure import Failed, machine, versions
from benchmarks.training import goal, page
from benchmarks.training.contenders import BASE, ENTRIES
from benchmarks.training.images import find_images
from benchmarks.training.rounds import Plan, measure, steps_to_come
from benchmarks.training.task import NETWORKS
from course import terminal

RESULTS = Path(__file__).parents[1] / "results"
QUICK = Plan(starts=0, rounds=1, seconds=0.1, warm_up=64, goal_epochs=1)
PACKAGES = ("jax", "jaxlib", "flax", "optax", "torch", "triton", "tensorflow", "tensorflow-cpu", "keras", "numpy")


def main(
    only: Annotated[list[str] | None, typer.Option(help=f"A contender: {', '.join(ENTRIES)}; repeatable.")] = None,
    network: Annotated[list[str] | None, typer.Option(help=f"{' or '.join(NETWORKS)}; both without it.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each speed is measured.")] = 5,
    starts: Annotated[int, typer.Option(min=1, help="How often each is started and trained for an epoch.")] = 3,
    cores: Annotated[str, typer.Option(help='Numbers of the cores to use, as "0,1"; all without it.')] = "",
    gpu: Annotated[
        bool, typer.Option("--gpu", help="On the GPU, in float32 and bfloat16, and to 99 % on MNIST.")
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="One short round; nothing is stored.")] = False,
) -> None:
    """Measure how fast the course's networks train beside other libraries, store the figures and write README.md."""
    pinned = _cores(cores)
    roof = _roof(gpu, pinned)
    if gpu and roof["platform"] == "cpu":
        typer.echo("JAX finds no GPU here: this is a rehearsal on the CPU, and nothing is stored.", err=True)
    names, left_out = _who_takes_part(only, gpu)
    for title, why in left_out.items():
        typer.echo(f"{title} is left out: {why}.", err=True)
    # Before the rest, so that what fails there fails soon.
    operations: dict[str, Any] = {}
    if not gpu and not quick:
        operations = _json_of("benchmarks.training.operations", json.dumps(pinned), variables={"JAX_PLATFORMS": "cpu"})
    plan = replace(QUICK if quick else Plan(starts, rounds), gpu=gpu, cores=pinned)
    try:
        result = _contest(names, network or list(NETWORKS), plan, quick=quick)
    except Failed as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if why := result.get("cifar", {}).get("missing"):
        left_out["The race to 94 % on CIFAR-10"] = why
    result |= {
        "device": roof["device"] if roof["platform"] != "cpu" else "CPU",
        "roof": roof,
        "operations": operations,
        "left_out": left_out,
        "plan": {"starts": plan.starts, "rounds": plan.rounds, "seconds": plan.seconds, "cores": list(plan.cores)},
        "machine": machine(),
        "versions": versions(*(name for name in PACKAGES if _installed(name))),
        "measured_at": datetime.now(UTC).date().isoformat(),
    }
    typer.echo(page.section(result))
    if not quick and not only and (not gpu or roof["platform"] != "cpu"):
        RESULTS.mkdir(exist_ok=True)
        place = re.sub(r"\W+", "_", result["device"]).strip("_").lower()
        stored = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
        (RESULTS / f"training_{place}.json").write_text(stored, encoding="utf-8")
        report.write(RESULTS)


def _cores(text: str) -> list[int]:
    """The numbers in "0,1"; none where there are none, or where a process can't be pinned."""
    try:
        numbers = [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise typer.BadParameter(f'"{text}" is not a list of numbers, as "0,1".', param_hint="--cores") from None
    if not hasattr(os, "sched_getaffinity"):
        return []
    here = sorted(os.sched_getaffinity(0))
    if not set(numbers) <= set(here):
        raise typer.BadParameter(f"The cores here are {', '.join(map(str, here))}.", param_hint="--cores")
    return numbers or here


def _who_takes_part(only: list[str] | None, gpu: bool) -> tuple[list[str], dict[str, str]]:
    """Names of ENTRIES, and why the others are left out, by title."""
    for name in only or ():
        if name not in ENTRIES:
            raise typer.BadParameter(f"The contenders are {', '.join(ENTRIES)}.", param_hint="--only")
    names, left_out = [], {}
    for name, entry in ENTRIES.items():
        if only and name not in only and name != BASE:
            continue
        if entry.missing:
            left_out[entry.title] = f"{' and '.join(entry.missing)} is not installed here"
        elif gpu and name == "keras_tensorflow":
            left_out[entry.title] = "it is measured on CPUs alone"
        else:
            names.append(name)
    if BASE not in names:
        raise typer.BadParameter(f"{ENTRIES[BASE].title}, against which all are held, is missing: pip install torch.")
    return names, left_out


def _contest(names: list[str], networks: list[str], plan: Plan, quick: bool) -> dict[str, Any]:
    """All networks and precisions, with a bar that says what is measured."""
    wrong = set(networks) - set(NETWORKS)
    if wrong:
        raise typer.BadParameter(f"The networks are {' and '.join(NETWORKS)}.", param_hint="--network")
    precisions = (False, True) if plan.gpu else (False,)
    takes = {(one, half): _who_can(names, one, half) for one in networks for half in precisions}
    total = sum(steps_to_come(who, plan) for who in takes.values())
    found: dict[str, Any] = {"networks": {}}
    with tempfile.TemporaryDirectory(prefix="training-") as scratch, tqdm(total=total, unit="measurement") as bar:
        folder = Path(scratch)
        images = find_images(quick)
        images.save(folder)
        found["data"] = images.name

        def step(what: str) -> None:
            bar.set_description(what)
            bar.update()

        for (one, half), who in takes.items():
            key = f"{one}, bfloat16" if half else one
            found["networks"][key] = measure(one, who, folder, plan, step, half=half)
        if plan.gpu:
            found["goal"] = goal.race(takes.get(("cnn", False), []), folder, plan, images, say=bar.set_description)
            bar.set_description("CIFAR-10")
            found["cifar"] = _cifar(max(1, plan.starts))
    return found


def _who_can(names: list[str], network: str, half: bool) -> list[str]:
    """Those of `names` that train this network in this precision."""
    entries = {name: ENTRIES[name] for name in names}
    return [name for name, entry in entries.items() if network in entry.networks and (entry.half or not half)]


def _roof(gpu: bool, cores: list[int]) -> dict[str, Any]:
    """What the device can do at most, and which it is."""
    return _json_of("benchmarks.training.roof", json.dumps(cores), variables={} if gpu else {"JAX_PLATFORMS": "cpu"})


def _cifar(runs: int) -> dict[str, Any]:
    """What benchmarks.cifar gave. Its data is small, its network is not: on a CPU nobody waits for it."""
    return _json_of("benchmarks.cifar.train", str(runs))


def _json_of(module: str, *words: str, variables: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """The last line that a module prints, run in a process of its own."""
    command = [sys.executable, "-m", module, *words]
    env = {**os.environ, **variables}
    ran = subprocess.run(
        command, cwd=RESULTS.parents[1], env=env, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if ran.returncode != 0:
        typer.echo(f"{module} ended with {ran.returncode}:\n{ran.stderr[-2000:]}", err=True)
        raise typer.Exit(1)
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    with terminal.program():
        typer.run(main)
