"""What a launch reports: counts of each line and each access to memory, events, findings, and the report that holds them all."""

from course.simt.report.findings import Finding
from course.simt.report.records import Event, Line, Site
from course.simt.report.report import KernelError, Report

__all__ = ["Event", "Finding", "KernelError", "Line", "Report", "Site"]
