"""The mutants that are accepted with good reason: right answers in another form, or right on everything that may come.

They are listed in tests/survivors.toml, by exercise, each group with its reason:

    [[relu]]
    why = "The larger of two numbers doesn't depend on their order."
    mutants = ["return jnp.maximum(x, 0) → return jnp.maximum(0, x)"]
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from course.authoring.notebook import AuthoringError

TABLE = "tests/survivors.toml"


def explained(root: Path) -> dict[str, dict[str, str]]:
    """By exercise: the name of each mutant that may be accepted, and why. Empty where there is no table.

    Raises:
        AuthoringError: the table can't be read, or lists a mutant without a reason, or twice.
    """
    path = root / TABLE
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise AuthoringError(f"{TABLE} can't be read: {error}.") from None
    found: dict[str, dict[str, str]] = {}
    for exercise, groups in table.items():
        reasons = found.setdefault(exercise, {})
        for group in groups:
            if not group.get("why", "").strip():
                raise AuthoringError(f"{TABLE}, {exercise}: a group of mutants has no `why`.")
            for name in group["mutants"]:
                if name in reasons:
                    raise AuthoringError(f"{TABLE}, {exercise}: {name!r} stands twice.")
                reasons[name] = group["why"]
    return found
