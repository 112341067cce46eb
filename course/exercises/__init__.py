"""The catalogues of exercises, one package a topic: right answers, inputs to try, known mistakes and their hints.

Right answers stand here, so none of it goes into the sandbox of a submission: `course.grading.package` lists what does.
"""
