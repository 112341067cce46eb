"""What an instructor needs: from a folder of submissions to a grade book and feedback for each (see docs/grading.md).

`session.py` is one call of `course grade`, from beginning to end. The rooms, each of which imports only from those below it:

- `workers/`: who grades: a process, several at a time, or a cluster
- `marking/`: what a submission is worth, question by question, and whom it resembles
- `sandbox/`: where its code runs, and the kernel in there
- `graft/`: its code, read as text and put into the exercise's own notebook
- `report/`: grade book, feedback, the class at a glance
- `intake/`: what was handed in, found and told apart
- `records/`: what is kept of a run, and what is still to do
- `storage.py`, `model.py`, `safe_text.py`: what all of them share

Nothing here is imported by the learner's part of the package.
"""
