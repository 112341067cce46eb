"""README.md from the stored figures: nothing in it is typed by hand."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.training import page

# What the others are held against.
BASES = ("nbclient", "nbclient, compile cache")
WHAT = {
    "nbclient": "nbclient, which only runs them",
    "nbclient, compile cache": "nbclient, compiled code shared by all",
    "course grade": "`course grade -j 1`, sandboxed",
    "nbgrader": "`nbgrader autograde`",
}
HEAD = """\
# Benchmarks

Measured by hand on a quiet machine; this page is written from `results/` by the scripts and is not edited.
"""
GRADING = """\
`python -m benchmarks.grading` (`--rounds`, `--lesson`, `--submissions`, `--quick`; needs what `make test` installs, and
bubblewrap). The class: the reference solution, other right and wrong code, and notebooks that are half done. Each round runs
all of them on the same submissions, one submission at a time, in turn beginning with another. A ratio is of two times of the
same round: the median of the rounds, and in parentheses the smallest and the largest. Times are of the whole command, its
start included. *Once* is what an assignment needs before its first submission, whatever the size of the class, and is not in
the ratio: `course grade` runs the solution, to compile what submissions share with it; nbgrader makes the assignment. Memory
is the most that all processes of the command had together; pages that they share count once.

nbclient takes part twice. *Compiled code shared by all*: with the compile cache that `import course` turns on for a learner, in
which each notebook finds what the earlier ones compiled (in the first round it begins empty); nbgrader has it, too. It is fast, and no way to grade the work of
strangers: each notebook may write what the next one runs. `course grade` lets them read what the solution compiled, and no more.
"""


WAIT_GOAL_S = 1.5
WAIT = f"""\
`make wait` (`--rounds`, `--quick`). The learner's wait: from the start of a kernel to the first trained step of lesson 05's network, by
the lesson's own cells, when everything has been compiled before. The goal is {WAIT_GOAL_S} s. The median of the rounds, in which the two kinds
of kernels take turns; in parentheses the seconds of the processor, which another program on the machine doesn't lengthen as much. Both
say where the time goes: the imports are those of JAX, Flax and Optax themselves. A *warm* kernel is forked from a process that has
imported them (`course/authoring/kernels.py` has it for tests). Learners don't get one: a setting that a cell makes before
`import jax`, such as `os.environ["JAX_ENABLE_X64"] = "1"`, would come too late in it, and nothing would say so.
"""


def wait(result: dict[str, Any]) -> list[str]:
    """The learner's wait as a table in Markdown: a row a part, a column a kind of kernel."""
    rounds = result["rounds"]
    parts = list(next(iter(rounds.values()))[0])

    def told(each: list[Any], *names: str) -> str:
        seconds, processor = (
            median(sum(one[name][key] for name in names) for one in each) for key in ("seconds", "processor_s")
        )
        return f"{seconds:.2f} ({processor:.2f})"

    rows = [[part, *(told(each, part) for each in rounds.values())] for part in parts]
    rows.append(["in all", *(told(each, *parts) for each in rounds.values())])
    return page.table(["from the start of a kernel, s", *rounds], rows)


def ratios(result: dict[str, Any], name: str, base: str) -> list[float]:
    """Each round's time of `name` over that round's time of `base`."""
    rounds = result["rounds"]
    return [mine["seconds"] / other["seconds"] for mine, other in zip(rounds[name], rounds[base], strict=True)]


def table(results: list[dict[str, Any]]) -> str:
    """The figures as a table in Markdown."""
    lines = [
        "| lesson | | seconds a submission | against nbclient | against nbclient, compiled code shared | most memory, MB | once, s |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for result in results:
        for name, rounds in result["rounds"].items():
            seconds = median(one["seconds"] for one in rounds) / result["submissions"]
            against = " | ".join(_against(result, name, base) for base in BASES)
            peak = max(one["peak_mb"] for one in rounds)
            once = f"{result['once_s'][name]:.0f}" if name in result["once_s"] else ""
            lines.append(f"| {result['lesson']} | {WHAT[name]} | {seconds:.1f} | {against} | {peak:.0f} | {once} |")
    return "\n".join(lines)


def _against(result: dict[str, Any], name: str, base: str) -> str:
    if base not in result["rounds"]:
        return ""
    each = ratios(result, name, base)
    return "1" if name == base else f"**{median(each):.2f}×** ({min(each):.2f} to {max(each):.2f})"


def write(folder: Path) -> None:
    """Write README.md beside the folder of results."""
    training, grading = (_stored(folder, kind) for kind in ("training", "grading"))
    parts = [HEAD]
    if training:
        parts += ["## Training, beside other libraries\n", page.HEAD, *(page.section(result) for result in training)]
    for result in _stored(folder, "wait"):
        packages = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
        about = f"{result['measured_at']}, on {', '.join(result['machine'].values())}; {len(result['rounds']['kernel'])} rounds; {packages}."
        parts += ["## The learner's wait\n", WAIT, about + "\n", *wait(result), ""]
    if grading:
        parts += ["## Grading a class\n", GRADING, table(grading) + "\n", *_measured_on(grading)]
    (folder.parent / "README.md").write_text("\n".join(parts), encoding="utf-8")


def _stored(folder: Path, kind: str) -> list[dict[str, Any]]:
    """The stored results of a kind; those of grading in the order of the lessons, as their files are called by topic."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(f"{kind}*.json"))]
    return sorted(results, key=lambda result: str(result.get("lesson", "")))


def _measured_on(results: list[dict[str, Any]]) -> list[str]:
    notes = []
    for result in results:
        packages = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
        notes.append(
            f"- {result['lesson']}: {result['submissions']} submissions, {len(result['rounds'][BASES[0]])} rounds, "
            f"{result['measured_at']}, on {', '.join(result['machine'].values())}; {packages}.\n"
        )
    return notes
