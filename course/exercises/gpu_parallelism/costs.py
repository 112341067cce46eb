"""What a kernel may cost, and how it is said: sectors, bank conflicts, divergent branches, in words that lead to the cause."""

from __future__ import annotations

import math
from collections.abc import Iterable

from course.checks.exercise import WrongAnswer
from course.simt.report import Report, Site

# Sectors beyond the best kernel's that are let by: an unlucky start at the edge of an array.
_SLACK = 1.1
_FULL = 4.0  # sectors of 32 bytes that 32 floats in a row touch


def in_global(report: Report, *kinds: str) -> list[Site]:
    """The places that touch global memory, of these kinds ("load", "store", "atomic"), or of all."""
    return [site for site in report.sites if site.space == "global" and (not kinds or site.kind in kinds)]


def in_shared(report: Report) -> list[Site]:
    """The places that touch shared memory."""
    return [site for site in report.sites if site.space == "shared"]


def requests(sites: Iterable[Site]) -> int:
    """Requests of warps to memory."""
    return sum(site.requests for site in sites)


def sectors(sites: Iterable[Site]) -> int:
    """32-byte sectors that they touch."""
    return sum(site.sectors for site in sites)


def _text(report: Report, line: int) -> str:
    return report.source[line - 1].strip()


def _share_used(sites: Iterable[Site]) -> float:
    used, moved = (sum(pair) for pair in zip(*((site.bytes_used, site.sector_bytes) for site in sites), strict=True))
    return used / moved


def coalesced(report: Report, best: Report) -> None:
    """Refuse scattered accesses to global memory.

    Raises:
        WrongAnswer: they touch more sectors than the best kernel's. It names the place that touches most for each request.
    """
    mine = in_global(report)
    if sectors(mine) <= _SLACK * sectors(in_global(best)):
        return
    raise _scattered(report, _widest(mine))


def side_by_side(report: Report, best: Report) -> None:
    """Refuse scattered requests to global memory, however many requests there are.

    Raises:
        WrongAnswer: one touches more sectors than the widest of the best kernel's.
    """
    mine = _widest(in_global(report))
    most = _widest(in_global(best))
    if mine.sectors / mine.requests > _SLACK * most.sectors / most.requests:
        raise _scattered(report, mine)


def _widest(sites: list[Site]) -> Site:
    return max(sites, key=lambda site: site.sectors / max(site.requests, 1))


def _scattered(report: Report, worst: Site) -> WrongAnswer:
    """Names the place that touches most sectors for each request."""
    does = "read" if worst.kind == "load" else "write"
    each, used = worst.sectors / worst.requests, worst.bytes_used / worst.requests
    return WrongAnswer(
        f"the numbers are right, but where a warp {does}s {worst.array}, it touches {each:.3g} sectors of 32 bytes in each request, where "
        f"{math.ceil(used / 32)} would do: consecutive threads should {does} consecutive addresses.",
        mark=f"sectors, {each:.3g} a {does}{'' if in_shared(report) else ', without a tile'}",
        line=worst.line,
        source=_text(report, worst.line),
    )


def fetched_once(report: Report, best: Report) -> None:
    """Refuse a kernel that goes to global memory more often than need be: without tiles, or with few lanes at a time.

    Raises:
        WrongAnswer: it makes over twice the best kernel's requests.
    """
    mine, needed = requests(in_global(report)), requests(in_global(best))
    if mine > 2 * needed:
        most = max(in_global(report), key=lambda site: site.requests)
        raise WrongAnswer(
            f"the numbers are right, but the warps go to global memory {mine} times, and {needed} times would do. Most of it is for "
            f"{most.array}.",
            mark=f"requests, {mine} for {needed}",
            line=most.line,
            source=_text(report, most.line),
        )


def conflict_free(report: Report, best: Report) -> None:
    """Refuse bank conflicts.

    Raises:
        WrongAnswer: there are some; it names the place with the most.
    """
    worst = max(in_shared(report), key=lambda site: site.bank_conflicts, default=None)
    if worst is None or not worst.bank_conflicts:
        return
    each = worst.passes / worst.requests
    does = "read" if worst.kind == "load" else "write"
    raise WrongAnswer(
        f"the numbers are right, but where a warp {does}s {worst.array}, its threads meet in the same banks: a request takes {each:.3g} "
        "passes on average, where 1 would do.",
        mark=f"bank conflicts, {each:.3g} passes a {does}",
        line=worst.line,
        source=_text(report, worst.line),
    )


def coalescing(report: Report, best: Report) -> str:
    """The score for global memory."""
    mine = in_global(report)
    each = sectors(mine) / requests(mine)
    said = f"Coalescing: {each:.1f} sectors a request; {100 * _share_used(mine):.0f} % of the bytes that are moved are used"
    if sectors(mine) <= sectors(in_global(best)):
        return f"{said}. That is the best possible."
    if requests(mine) > requests(in_global(best)):
        return (
            f"{said}. It can be improved: it makes {requests(mine)} requests, and {requests(in_global(best))} would do."
        )
    least = sectors(in_global(best)) / requests(in_global(best))
    return f"{said}. It can be improved: the best possible are {least:.1f} sectors a request."


def both_ways(report: Report, best: Report) -> str:
    """The score for global memory, reading and writing apart."""
    reads, writes = in_global(report, "load"), in_global(report, "store")
    parts = [
        f"{does} {sectors(sites) / requests(sites):.1f} sectors a request ({100 * _share_used(sites):.0f} % of the bytes are used)"
        for does, sites in (("reading", reads), ("writing", writes))
    ]
    worst = max(sectors(sites) / requests(sites) for sites in (reads, writes))
    end = (
        "That is the best possible."
        if worst <= _FULL
        else f"The best possible are {_FULL:.1f}, both ways: that takes a tile."
    )
    return f"What it costs: {', '.join(parts)}. {end}"
