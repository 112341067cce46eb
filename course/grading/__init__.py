"""What an instructor needs: from a folder of submissions to a grade book and feedback for each (see docs/grading.md).

Nothing here is imported by the learner's part of the package.
"""
