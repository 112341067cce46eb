"""What runs beside the submission: copied into the sandbox's form of the package (see sandbox/package.py), never imported here.

Whatever these files do, a submission can undo: nothing that they say is believed beyond the plain numbers that they bring.
"""

# The agent's name in the sandbox, and the type of the display data in which it answers.
AGENT = "course.checks.agent"
ANSWER = "application/x-course-answer+json"
