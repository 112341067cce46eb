"""What a kernel can't contain, and what to write instead."""

from __future__ import annotations

# By the name of the syntax tree's node.
HINTS = {
    "ListComp": "the length of a list must be known before the run: use a `for` loop",
    "SetComp": "a set is made anew, which a GPU thread can't: use arrays",
    "DictComp": "a dictionary is made anew, which a GPU thread can't: use arrays",
    "GeneratorExp": "a generator can stand in sum(), min(), max(), any() and all() alone: use a `for` loop",
    "List": "a list is no number: unpack it, go through it with `for`, or take one of its parts. A thread's own memory is t.local.array(shape, dtype)",
    "Dict": "a dictionary is an object of Python's, which a GPU thread doesn't have: use arrays",
    "Set": "a set is an object of Python's, which a GPU thread doesn't have: use arrays",
    "Tuple": "a tuple is no number: unpack it, go through it with `for`, or take one of its parts",
    "JoinedStr": 'text can stand in print() alone: print(f"i = {i}")',
    "FormattedValue": 'a GPU thread has no text: in print() a value can be shown as it is, or as in print(f"{x:.3f}")',
    "Lambda": "a lambda gets a name here, f = lambda v: …, and is called by it",
    "AsyncFunctionDef": "a GPU thread knows no async: write a plain def",
    "ClassDef": "a GPU thread has no classes: use arrays and numbers",
    "Try": "a GPU thread can't catch an error: ask with `if` before",
    "TryStar": "a GPU thread can't catch an error: ask with `if` before",
    "Raise": "a GPU thread can't raise an error: write a value that says so into an array",
    "With": "a GPU thread has no `with`: write the steps one by one",
    "Global": "a GPU thread can't change a variable outside: store into an array",
    "Nonlocal": "a GPU thread can't change a variable outside: store into an array",
    "Delete": "nothing has to be deleted in a kernel: leave the line out",
    "Yield": "a GPU thread can't yield: store into an array",
    "YieldFrom": "a GPU thread can't yield: store into an array",
    "Await": "a GPU thread can't wait for anything but a barrier: t.syncthreads()",
    "Starred": "a * in front of a value is not possible here: write the values one by one",
    "Slice": "a slice is many elements, and a thread touches one at a time: use an index, and a loop if need be",
    "MatMult": "@ multiplies whole matrices, and a thread has single numbers: use a loop",
    "Is": "`is` compares objects, which a GPU thread doesn't have: use ==",
    "IsNot": "`is not` compares objects, which a GPU thread doesn't have: use !=",
    "In": "`in` goes through a tuple or list whose length is known before the run: compare with < and <=, or write the loop",
    "NotIn": "`not in` goes through a tuple or list whose length is known before the run: compare with < and <=, or write the loop",
    "Match": "`match` is not possible here: use `if` and `elif`",
    "AsyncFor": "a GPU thread knows no async: use a plain `for`",
    "AsyncWith": "a GPU thread knows no async: write the steps one by one",
    "TypeAlias": "a type is of no use in a kernel: leave the line out",
}
OTHERWISE = "this can't be done in a kernel: it has numbers, arrays, tuples and lists of a known length, if, while, for, and calls of functions"
