"""Mutation testing of the checks: small changes of each reference answer, all of which a check has to refuse.

- `edits`: the changes of one place of a syntax tree;
- `mutants`: the changed answers that a solution gives;
- `trials`: each answer before the inputs of many seeds, in processes of their own;
- `explained`: the answers that are accepted with good reason.
"""
