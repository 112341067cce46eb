"""The scoreboard as the sandbox has it: `scoreboard` is there, so that notebooks run; nothing is measured or kept."""

from course.progress import progress as scoreboard

__all__ = ["scoreboard"]
