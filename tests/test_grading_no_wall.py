"""Without a sandbox: each protection that the command's table says to hold holds, tried on a real kernel."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from hang import wait_until

from course.grading.model import Limits, Settings
from course.grading.sandbox import launcher
from course.grading.sandbox.graded_kernel import ERROR, MEMORY, OK, PROCESSES, TIME, GradedKernel, Reply
from course.grading.sandbox.launcher import Launcher, Zygote
from course.grading.sandbox.package import write_package
from course.grading.sandbox.protections import protections

# A kernel with JAX in it has some 300 MB.
LIMITS = Limits(cell_s=60, notebook_s=600, memory_mb=900, processes=6, files=64, disk_mb=2, output_kb=20)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    package = write_package(tmp_path_factory.mktemp("package"))
    zygote = Zygote(package)
    yield Launcher(Settings(1, LIMITS, sandbox=False), package, {}, {}, zygote)
    zygote.close()


def run(start: Launcher, source: str, limits: Limits = LIMITS) -> tuple[Reply, GradedKernel]:
    kernel = GradedKernel(start, limits)
    try:
        kernel.execute_cell_input(source)
        return kernel.last, kernel
    finally:
        kernel.stop()


# Seconds that no other program sleeps.
SLEEP = "61.718"
# What is tried: for each row of the table that says ✓.
TRIED = {
    "time": ("while True: pass", TIME, "took longer than 2 seconds"),
    "memory": ("hoard = []\nwhile True: hoard.append(bytearray(20_000_000))", MEMORY, "more than 900 MB of memory"),
    "processes": (
        "import subprocess, time\nkept = [subprocess.Popen(['sleep', '"
        + SLEEP
        + "']) for _ in range(20)]\ntime.sleep(60)",
        PROCESSES,
        "more than 6 processes",
    ),
    "open files": ("kept = [open('/dev/null') for _ in range(1000)]", ERROR, "Too many open files"),
    "disk": ("with open('x.bin', 'wb') as file: file.write(bytes(3_000_000))", ERROR, "File too large"),
    "output": ("print('x' * 1_000_000)", OK, "printed more than 20 kB"),
}


def test_each_row_that_holds_is_tried() -> None:
    assert {one.what for one in protections(LIMITS) if one.holds} == set(TRIED)


@pytest.mark.thorough
@pytest.mark.parametrize("what", TRIED)
def test_what_the_table_says_to_hold_without_a_wall_holds(start: Launcher, what: str) -> None:
    source, status, words = TRIED[what]
    limits = Limits(**{**vars(LIMITS), "cell_s": 2}) if what == "time" else LIMITS
    reply, _ = run(start, source, limits)
    assert reply.status == status
    assert words in " ".join((*reply.limits, str(reply.content.get("evalue", ""))))
    wait_until(lambda: not sleepers(), "what it started to end with it")


def sleepers() -> list[int]:
    """The processes that the one of TRIED starts."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if process.info["cmdline"] == ["sleep", SLEEP] and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


def test_the_limits_of_a_kernel_without_a_wall_are_those_that_the_table_names(start: Launcher) -> None:
    names = ("NOFILE", "FSIZE", "AS", "CORE")
    source = f"import resource, json\nopen('said', 'w').write(json.dumps([resource.getrlimit(getattr(resource, 'RLIMIT_' + n)) for n in {names}]))"
    kernel = GradedKernel(start, LIMITS)
    try:
        kernel.execute_cell_input(source)
        assert kernel.last.status == OK
        assert kernel._place is not None
        said = json.loads((kernel._place.sockets / "home" / "said").read_text(encoding="utf-8"))
        folder = kernel._place.sockets
    finally:
        kernel.stop()
    reserved = (LIMITS.memory_mb + launcher._RESERVED_MB) * 1_000_000
    assert said == [[64, 64], [2_000_000, 2_000_000], [reserved, reserved], [0, 0]]
    assert folder.is_relative_to(Path(tempfile.gettempdir())) and not folder.exists(), "what it wrote is deleted"
