"""What pytest needs to know of this checkout, its notebooks too."""

from __future__ import annotations

import os
from pathlib import Path

# What one test has compiled, another need not compile: kernels, JupyterLab's too, and the workers of one run share it. The user's
# own cache is left alone. Before `course` is imported, which reads it.
os.environ.setdefault("COURSE_COMPILE_CACHE", str(Path(__file__).parent / "build" / "compiled"))

pytest_plugins = ("course.authoring.validate",)
