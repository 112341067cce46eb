"""A sandbox ends with all that is in it, whatever bubblewrap itself has come to."""

from __future__ import annotations

from pathlib import Path

import pytest
from hang import ends_within_a_hang, wait_until

from course.grading.sandbox import bubblewrap
from course.grading.sandbox.bubblewrap import Sandbox

pytestmark = [
    pytest.mark.one_set,
    pytest.mark.skipif(bool(bubblewrap.available()), reason=f"bubblewrap: {bubblewrap.available()}"),
]


def test_what_is_inside_ends_though_bubblewrap_has_not_asked_to_die_with_its_parent_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As right after its start. What is left would hold the pipes that are read to their end."""
    command = bubblewrap._command
    monkeypatch.setattr(
        bubblewrap, "_command", lambda *a, **k: [word for word in command(*a, **k) if word != "--die-with-parent"]
    )
    with ends_within_a_hang():
        box = Sandbox(disk_mb=1)
        inside = Path("/proc", str(box.pid))
        assert inside.exists()
        box.kill()
        box.kill()
    wait_until(
        lambda: not inside.exists() or "Z" in (inside / "stat").read_text().split()[2], "the end of what is inside"
    )


def test_a_sandbox_whose_command_ends_at_once_can_be_ended_too() -> None:
    with ends_within_a_hang():
        Sandbox(disk_mb=1, run=("true",)).kill()
