"""Jobs as JSON, to be sent to the process that grades."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from course.grading.model import Job, Limits, Settings, Submission


def job_to_json(job: Job) -> dict[str, Any]:
    """A job as JSON's own types."""
    submission, settings = asdict(job.submission), asdict(job.settings)
    content = base64.b64encode(job.content).decode("ascii")
    return {**vars(job), "submission": submission, "settings": settings, "content": content}


def job_from_json(data: Mapping[str, Any]) -> Job:
    """The job that :func:`job_to_json` wrote."""
    told = data["submission"]
    submission = Submission(**{**told, "notes": tuple(told["notes"]), "aside": tuple(told["aside"])})
    settings = Settings(**{**data["settings"], "limits": Limits(**data["settings"]["limits"])})
    return Job(data["key"], submission, base64.b64decode(data["content"]), data["solution"], settings)
