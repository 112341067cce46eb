"""What a kernel can't contain, and what to write instead."""

from __future__ import annotations

# By the name of the syntax tree's node.
HINTS = {
    "ListComp": "a list comprehension makes a new list, which a GPU thread can't: use a `for` loop",
    "SetComp": "a set is made anew, which a GPU thread can't: use arrays",
    "DictComp": "a dictionary is made anew, which a GPU thread can't: use arrays",
    "GeneratorExp": "a generator is an object of Python's, which a GPU thread doesn't have: use a `for` loop",
    "List": "a list is an object of Python's, which a GPU thread doesn't have: use t.local.array(size, dtype)",
    "Dict": "a dictionary is an object of Python's, which a GPU thread doesn't have: use arrays",
    "Set": "a set is an object of Python's, which a GPU thread doesn't have: use arrays",
    "Tuple": "a tuple can only be unpacked, a, b = b, a, or be a constant: give each value its own name",
    "JoinedStr": 'a GPU thread has no text to work with: print("i", i) prints a value',
    "Lambda": "a lambda is an object of Python's, which a GPU thread doesn't have: write a function with def, outside of the kernel",
    "FunctionDef": "a function inside of a kernel is not possible here: write it outside, with def",
    "AsyncFunctionDef": "a GPU thread knows no async: write a plain def",
    "ClassDef": "a GPU thread has no classes: use arrays and numbers",
    "Try": "a GPU thread can't catch an error: ask with `if` before",
    "TryStar": "a GPU thread can't catch an error: ask with `if` before",
    "Raise": "a GPU thread can't raise an error: write a value that says so into an array",
    "Assert": "a GPU thread can't raise an error: use `if`",
    "With": "a GPU thread has no `with`: write the steps one by one",
    "Import": "an import belongs above the kernel, not into it",
    "ImportFrom": "an import belongs above the kernel, not into it",
    "Global": "a GPU thread can't change a variable outside: store into an array",
    "Nonlocal": "a GPU thread can't change a variable outside: store into an array",
    "Delete": "nothing has to be deleted in a kernel: leave the line out",
    "Yield": "a GPU thread can't yield: store into an array",
    "YieldFrom": "a GPU thread can't yield: store into an array",
    "Await": "a GPU thread can't wait for anything but a barrier: t.syncthreads()",
    "NamedExpr": "an assignment inside of an expression is not possible here: give it a line of its own",
    "Starred": "a * in front of a value is not possible here: write the values one by one",
    "Slice": "a slice is many elements, and a thread touches one at a time: use an index, and a loop if need be",
    "MatMult": "@ multiplies whole matrices, and a thread has single numbers: use a loop",
    "Is": "`is` compares objects, which a GPU thread doesn't have: use ==",
    "IsNot": "`is not` compares objects, which a GPU thread doesn't have: use !=",
    "In": "`in` searches, which is a loop: write the loop, or compare with < and <=",
    "NotIn": "`not in` searches, which is a loop: write the loop, or compare with < and <=",
    "Match": "`match` is not possible here: use `if` and `elif`",
    "AsyncFor": "a GPU thread knows no async: use a plain `for`",
    "AsyncWith": "a GPU thread knows no async: write the steps one by one",
    "TypeAlias": "a type is of no use in a kernel: leave the line out",
}
OTHERWISE = (
    "this can't be done in a kernel: it has numbers, arrays, if, while, for … in range(), and calls of functions"
)
