"""The command line: `course …`, for those who learn with the course, and those who write or teach it."""

from course.cli.notebooks import app, main

__all__ = ["app", "main"]
