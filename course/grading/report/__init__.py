"""What comes out of a run: the grade book, the platforms' forms, each learner's page, the class at a glance."""

from course.grading.report.alike import write_alike
from course.grading.report.class_overview import write_overview
from course.grading.report.feedback import write_feedback
from course.grading.report.files import Written
from course.grading.report.gradebook import write_gradebook
from course.grading.report.handed_in import write_files
from course.grading.report.platforms import write_platforms
from course.grading.report.summary import show_summary

__all__ = [
    "Written",
    "show_summary",
    "write_alike",
    "write_feedback",
    "write_files",
    "write_gradebook",
    "write_overview",
    "write_platforms",
]
