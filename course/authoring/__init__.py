"""What an author needs: the canonical form of a notebook, exercises derived from solutions, the set-up cell.

Nothing here is imported by the learner's part of the package.
"""
