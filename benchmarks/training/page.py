"""A run's figures as Markdown: nothing in it is typed by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.training.contenders import BASE, ENTRIES, FAST, LESSONS
from benchmarks.training.goal import GOAL
from benchmarks.training.rounds import ratios
from benchmarks.training.task import EPOCH_BATCH, operations, traffic

HEAD = f"""\
`make bench` (`BENCH_ARGS="--quick"`; `--rounds`, `--starts`, `--only`, `--network`, `--cores`), and on a GPU `make bench-gpu`.
*Lesson 05 as written* and *lesson 08's end* are the code of the lessons' own cells: `training/cells.py` reads the notebooks, and runs
the definitions asked for with what they need. The networks are the answer to the exercise `CNN` and lesson 05's dense one; the dense
one is trained fast by the answers to lesson 08's exercises `make_step` and `scan_epoch`. The same two networks, images, start weights, order, optimizer (Adam) and precision for all; a contender whose losses differ from
the others' ends the run. Each runs in a process of its own on the same cores; they are measured in turns, each round beginning
with another. A ratio is of two figures of the same round: the median of the rounds, and in parentheses the smallest and the
largest; above 1 is faster. *From the start* counts from the start of the process, imports included: to the end of the first
step, and to the end of an epoch in batches of {EPOCH_BATCH}. All contenders may keep compiled code from process to process; *the
first time* nothing has been compiled. Memory is the most that the process had until the end of the epoch. An answer is from a
NumPy array to a NumPy array.

What a step leaves of the device's peaks is shown by its operations, each alone, the pool as a maximum over a reshaped array: *at least* is
the larger of two times, its arithmetic at the measured peak and its bytes, each read or written once, at the measured bandwidth.

glibc gives large blocks of freed memory back to the system and gets them page by page at the next step, or keeps them, depending on
what a process has done before; with it the time of a training step varies by up to a factor of two. So all contenders run where it
keeps them (`MALLOC_MMAP_THRESHOLD_`, `MALLOC_TRIM_THRESHOLD_`).
"""
NETWORK = {
    "cnn": "The convolutional network of lesson 05 (its exercise `CNN`)",
    "mlp": "The network of dense layers of lessons 04 and 05",
}
# Who took part in a stored run, and takes part no more.
FORMER = {"course": "JAX by hand, beyond the lessons"}
# What the lessons' code is to reach, as a share of the fastest peer's speed.
GOALS = {FAST: 1.0, "taught": 0.6}


def section(result: Mapping[str, Any]) -> str:
    """One run: what it was measured on, and its tables."""
    plan, roof = result["plan"], result["roof"]
    where = result["device"] if result["device"] != "CPU" else "a CPU"
    lines = [f"### On {where}", ""]
    cores = f" cores {', '.join(map(str, plan['cores']))};" if plan["cores"] else ""
    packages = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    lines += [
        f"{result['measured_at']}, on {', '.join(result['machine'].values())};{cores} {plan['starts']} starts and "
        f"{plan['rounds']} rounds; data: {result['data']}; {packages}. Measured peak: {roof['tf32'] / 1e9:,.0f} GFLOP/s "
        f"(float32 as JAX multiplies it by default), {roof['half'] / 1e9:,.0f} (bfloat16), {roof['bandwidth'] / 1e9:,.0f} GB/s.",
        "",
    ]
    lines += [f"{title} was left out: {why}." for title, why in result["left_out"].items()]
    lines += [""] if result["left_out"] else []
    for key, found in result["networks"].items():
        network, _, precision = key.partition(", ")
        lines += [f"**{NETWORK[network]}**, {precision or 'float32'}", ""]
        lines += [*_speed(found), "", *_starts(found, result["data"]), "", *_answers(found), ""]
        lines += [*_share(network, found, roof, bool(precision)), ""]
        if network == "cnn" and not precision and FAST in found["starts"]:
            lines += [*_goals(found), ""]
    if result.get("operations"):
        lines += [*_operations(result["operations"], roof), ""]
    if result.get("goal"):
        lines += [*_goal(result["goal"]), ""]
    if runs := result.get("cifar", {}).get("runs"):
        lines += [*_cifar(runs, result["cifar"]["recipe"]["epochs"]), ""]
    return "\n".join(lines)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown, its first column words and the others figures."""
    head = f"| {' | '.join(heads)} |"
    return [head, f"| --- |{' ---: |' * (len(heads) - 1)}", *(f"| {' | '.join(row)} |" for row in rows)]


def _against(found: Mapping[str, Sequence[float]], name: str) -> str:
    if name == BASE:
        return "1"
    each = ratios(found, name)
    return f"**{median(each):.2f}×** ({min(each):.2f} to {max(each):.2f})"


def _title(name: str) -> str:
    return ENTRIES[name].title if name in ENTRIES else FORMER.get(name, name)


def _columns(found: Mapping[str, Mapping[str, Sequence[float]]], show: Callable[[float], str]) -> Iterable[list[str]]:
    """For each contender its figure and its ratio in each of several columns."""
    for name in next(iter(found.values())):
        yield [
            _title(name),
            *(text for one in found.values() for text in (show(median(one[name])), _against(one, name))),
        ]


def _speed(found: Mapping[str, Any]) -> list[str]:
    speed = found["images_per_s"]
    heads = [text for batch in speed for text in (f"batch {batch}, images/s", f"against {_title(BASE)}")]
    return table(["training", *heads], _columns(speed, lambda rate: f"{rate:,.0f}"))


def _starts(found: Mapping[str, Any], data: str) -> list[str]:
    rows = []
    for name, starts in found["starts"].items():
        first = found["first_time"][name]
        middle = {key: median(one[key] for one in starts) for key in starts[0]}
        rows.append(
            [
                _title(name),
                f"{middle['first_step_s']:.1f}",
                f"{middle['epoch_s']:.1f}",
                f"{first['first_step_s']:.1f}",
                f"{first['epoch_s']:.1f}",
                f"{100 * middle['accuracy']:.1f} %" if data == "MNIST" else "",
                f"{middle['peak_mb']:,.0f}",
            ]
        )
    heads = [
        "from the start, s",
        "first step",
        "end of the epoch",
        "first step, the first time",
        "epoch, the first time",
    ]
    return table([*heads, "read after it", "most memory, MB"], rows)


def _answers(found: Mapping[str, Any]) -> list[str]:
    rates = {
        size: {name: [int(size) / s for s in each] for name, each in by_name.items()}
        for size, by_name in found["answer_s"].items()
    }
    heads = [text for size in rates for text in (f"{int(size):,} at a time, images/s", f"against {_title(BASE)}")]
    return table(["answering", *heads], _columns(rates, lambda rate: f"{rate:,.0f}"))


def _share(network: str, found: Mapping[str, Any], roof: Mapping[str, float], half: bool) -> list[str]:
    """What part of the device's own peaks the course's training step reaches."""
    peak = roof["half" if half else "tf32"]
    rows, whose = [], ""
    for batch, speed in found["images_per_s"].items():
        if whose := next((name for name in (FAST, *FORMER) if name in speed), ""):
            rate, moved = median(speed[whose]), traffic(network, int(batch)) / (2 if half else 1)
            rows.append(
                [
                    f"batch {batch}",
                    f"{rate * operations(network) / 1e9:,.1f}",
                    f"{rate * operations(network) / peak:.1%}",
                    f"{rate * moved / 1e9:,.1f}",
                    f"{rate * moved / roof['bandwidth']:.1%}",
                ]
            )
    heads = [
        f"{_title(whose)}: its step",
        "GFLOP/s",
        "of the measured peak",
        "GB/s at least",
        "of the measured bandwidth",
    ]
    return table(heads, rows) if rows else []


def _goals(found: Mapping[str, Any]) -> list[str]:
    """What the lessons' code is to reach beside the fastest of the others, and what it reaches."""
    alone = {str(size): by_name for size, by_name in found["answer_s"].items()}["1"]
    rates = {
        "1 image at a time": {name: [1 / s for s in each] for name, each in alone.items()},
        "the first epoch, nothing compiled before": {
            name: [1 / one["epoch_s"]] for name, one in found["first_time"].items()
        },
    }
    training = {f"training, batch {batch}": speed for batch, speed in found["images_per_s"].items()}
    rows = []
    for name, goal in GOALS.items():
        for what, rate in (training | rates if name == FAST else training).items():
            peers = {peer: each for peer, each in rate.items() if peer not in LESSONS}
            if name not in rate or not peers:
                continue
            fastest = max(peers, key=lambda peer: median(peers[peer]))
            each = [mine / theirs for mine, theirs in zip(rate[name], rate[fastest], strict=True)]
            reached = "yes" if median(each) >= goal else "no"
            spread = f" ({min(each):.2f} to {max(each):.2f})" if len(each) > 1 else ""
            against = f"**{median(each):.2f}×**{spread}"
            rows.append([f"{_title(name)}: {what}", f"{goal:.1f}×", against, _title(fastest), reached])
    return table(["against the fastest peer", "goal", "measured", "the fastest peer", "reached"], rows)


def _operations(operations: Mapping[str, Any], roof: Mapping[str, float]) -> list[str]:
    """Each operation of a training step alone, beside the least time that the device's peaks allow for it."""
    rows = []
    for name, one in operations["parts"].items():
        bound = max(one["flop"] / roof["tf32"], one["bytes"] / roof["bandwidth"])
        limit = "arithmetic" if one["flop"] / roof["tf32"] == bound else "memory"
        needs = [f"{one['flop'] / 1e9:.2f}", f"{one['bytes'] / 1e6:.1f}", f"{1e3 * bound:.2f}", limit]
        rows.append([name, *needs, f"{1e3 * one['seconds']:.2f}", f"{bound / one['seconds']:.0%}"])
    heads = [
        f"a step's operations, batch {operations['batch']}",
        "GFLOP",
        "MB",
        "ms at least",
        "limit",
        "ms",
        "of the peak",
    ]
    return table(heads, rows)


def _goal(goal: Mapping[str, Any]) -> list[str]:
    rows = []
    for name, runs in goal.items():
        reached = [run for run in runs if run["from_start_s"] is not None]
        if not reached:
            rows.append([_title(name), f"not in {max(run['epochs'] for run in runs)} epochs", "", ""])
            continue
        epochs, start, step = (
            median(run[key] for run in reached) for key in ("epochs", "from_start_s", "from_first_step_s")
        )
        rows.append([_title(name), f"{epochs:.0f}", f"{step:.1f}", f"{start:.1f}"])
    heads = [f"to {GOAL:.0%} of MNIST's test images", "epochs", "s from the first step", "s from the start"]
    return table(heads, rows)


def _cifar(runs: Sequence[Mapping[str, float]], epochs: int) -> list[str]:
    """A network of other people's, in JAX alone: see benchmarks/cifar."""
    shares = [run["accuracy"] for run in runs]
    heads = [
        f"CIFAR-10, {epochs} epochs",
        "read after them, mean",
        "least",
        "s of training",
        "s to compile before",
        "runs",
    ]
    middle = {key: median(run[key] for run in runs) for key in ("train_s", "compile_s")}
    row = ["David Page's small ResNet, in JAX", f"{sum(shares) / len(shares):.2%}", f"{min(shares):.2%}"]
    return table(heads, [[*row, f"{middle['train_s']:.1f}", f"{middle['compile_s']:.1f}", str(len(runs))]])
