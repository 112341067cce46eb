"""How fast the course's networks train, beside those of other libraries: the same work, measured in turns.

`task` is the work, `contenders/` are those who do it, `worker` is the process that one of them runs in, `rounds` measures,
`page` writes the figures as tables. `python -m benchmarks.training --help` says how to run it.
"""
