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
    if grading:
        parts += ["## Grading a class\n", GRADING, table(grading) + "\n", *_measured_on(grading)]
    (folder.parent / "README.md").write_text("\n".join(parts), encoding="utf-8")


def _stored(folder: Path, kind: str) -> list[dict[str, Any]]:
    """The stored results of a kind; those of grading in the order of the lessons, as their files are called by topic."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob(f"{kind}_*.json"))]
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
