"""The learner's file: what ``check`` said of each exercise, on their own machine.

``attempts`` says what is kept of one exercise and how it is written, ``file`` reads and writes it. This room lies below
``course.checks``, which writes here, and ``course.progress``, which draws the map of it.
"""
