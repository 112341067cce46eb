"""What an error of Python, NumPy or JAX means, in the learner's words; by the error's class, its message and the line of code."""

from __future__ import annotations

import re
from collections.abc import Callable

from course.checks.outcome import Failure

Meaning = str | Callable[[re.Match[str], str], str | None]

_CALLED = "A function returns something only when you call it: `f` is the function, `f(x)` is what it returns."
_NOTHING = "A function without `return` returns None, and so does `.get` of a dict that doesn't have the name."
# What stands where a number or an array is wanted, by the name of its class.
_KINDS = {
    "dict": "A dict of arrays is not an array. Use its entries one by one, by their names, or let `jax.tree.map` go through them.",
    "tuple": "A tuple is not an array: Python can't calculate with all of its parts at once. Use the parts one by one, or let `jax.tree.map` go through them.",
    "list": "A list is not an array: Python can't calculate with all of its parts at once. `jnp.array(…)` makes an array from a list of numbers.",
    "str": "This is a text, not a number: a loop over a dict gives its names; `.values()` gives the values, `.items()` gives both.",
    "NoneType": f"This is None, not a number. {_NOTHING}",
    "function": f"This is a function, not a number. {_CALLED}",
    "method": f"This is a function, not a number. {_CALLED}",
    "builtin_function_or_method": f"This is a function, not a number. {_CALLED}",
    "_ScalarMeta": "This is a number type, not a number. `x.astype(…)` converts x to another type.",
}


_NUMBERS = {"int", "float", "bool", "complex", "ArrayImpl", "ndarray"}


def _operand(found: re.Match[str], source: str) -> str | None:
    kinds = found.groups()[1:]
    known = next((name for name in _KINDS if name in kinds), None)
    if known:
        return f"`{found[1]}` can't calculate with this. {_KINDS[known]}"
    own = next((kind for kind in kinds if kind and kind not in _NUMBERS), None)
    return (
        own
        and f"`{found[1]}` can't calculate with an object of the class {own}: use the numbers that it holds, by the names of its attributes."
    )


def _attribute(found: re.Match[str], source: str) -> str | None:
    kind, name = found.groups()
    if f"self.{name}" in source:
        return f"There is no `self.{name}`. Set what an object should keep in `__init__`, as `self.name = …`."
    return f"It has no `.{name}`. {_KINDS[kind]}" if kind in _KINDS else None


def _unpacked(found: re.Match[str], source: str) -> str:
    there = f"there are {found[2]}" if found.re.groups > 1 else "there are more"
    shape = " An array's shape has one number for each axis." if ".shape" in source else ""
    return f"On the left of `=` there is room for {found[1]} values; on the right {there}.{shape}"


_CHAINED = "`&` and `|` bind more tightly than `==` and `<`: Python reads `a == b & c == d` as `a == (b & c) == d`. Put each comparison into parentheses of its own."


def _truth(found: re.Match[str], source: str) -> str:
    if re.search(r"[&|]", source):
        return _CHAINED
    return "`if`, `and`, `or`, `max` and `min` need a single True or False, and this is an array of them, one for each number. `jnp.where(condition, a, b)` chooses elementwise; `&` and `|` combine two arrays of True and False."


def _meeting(found: re.Match[str], source: str) -> str:
    shapes = re.findall(r"\([\d, ]*\)", found[0])
    here = f"Here {' meets '.join(shapes[:2])}. " if len(shapes) > 1 else ""
    return f"The shapes don't fit. {here}Elementwise, two arrays must have the same length along each axis, counted from the last, or one of them must have length 1: do you need to keep or add an axis, or use another operation?"


def _contracted(found: re.Match[str], source: str) -> str:
    return "The shapes don't fit in a product. In `A @ B` the last axis of A must be as long as the first of B (the second to last, if B has more than two axes): does one of them need a transpose, are they in the wrong order, or does another array belong here?"


def _called(found: re.Match[str], source: str) -> str:
    kind = found[1]
    if kind == "NoneType":
        return "What you call here is None: the function that should have made it has no `return`."
    if "Array" in kind or kind == "ndarray":
        return "Parentheses after a name call a function, and this is an array. `[…]` selects a part of it, `*` multiplies."
    return f"Parentheses after a name call a function, and this is not a function, but an object of the class {kind}."


def _no_parts(found: re.Match[str], source: str) -> str:
    kind = next(part for part in found.groups() if part)
    if kind == "NoneType":
        return f"This should have parts, but it is None. {_NOTHING}"
    if kind in ("function", "method", "builtin_function_or_method"):
        return f"This should have parts, but it is a function. {_CALLED}"
    if kind == "0-d":
        return "This should have parts, but it is a single number: an array without axes."
    return f"This should have parts, but it is a single value of the class {kind}."


def _who(name: str) -> str:
    """A function as it is said: a class by the class's name."""
    parts = name.split(".")
    return f"`{parts[-2] if parts[-1] in ('__init__', '__call__') and len(parts) > 1 else parts[-1]}`"


def _missing(found: re.Match[str], source: str) -> str:
    names = found[2].replace("'", "`")
    return f"{_who(found[1])} was called without all of its arguments: {names} is missing."


def _too_many(found: re.Match[str], source: str) -> str:
    return f"{_who(found[1])} was given more arguments than it takes: compare what is in the parentheses with what it expects."


_WHOLE = "This needs a whole number, for a size, a count or an index, and it is a float. `/` always gives a float; `//` divides whole numbers."
_BEYOND = "An index is beyond the end: of n elements the first has the index 0, the last n − 1."
_TREES = "Two trees of different structure meet: all dicts should have the same names and all arrays the same shapes. Did you swap two things, such as the updates and the optimizer's state?"
_KEY = "JAX's random functions take a random key first, then the size or the numbers: this is not a key."
_TRACED_IF = (
    "Inside `jit` a value is not known yet, so Python's `if` can't look at it. `jnp.where(condition, a, b)` can."
)
_TRACED = "Inside `jit` a value is not known yet, so you can't convert it to a Python number."
_SCALAR = "This needs one number, and it is an array of several. The functions of `jnp` take arrays; those of `math`, and `int` and `float`, don't."

# Words of the error's class and message, and what they mean; the first that is found counts.
_MEANINGS: tuple[tuple[str, Meaning], ...] = (
    (
        "^UnexpectedTracerError",
        "A tracer leaked: a value was stored outside the function that `jit`, `grad` or `vmap` was tracing, in a "
        "global or a list, and used later. Return it instead.",
    ),
    (
        "JAX arrays are immutable|'(?:ArrayImpl|Array|DynamicJaxprTracer|JVPTracer)' object does not support item assignment",
        "JAX arrays don't change. `y = x.at[i].set(v)` makes a new array with the change in it.",
    ),
    (
        "assignment destination is read-only",
        "The input belongs to the caller and can't be changed. Make a new array, and change or return that.",
    ),
    ("TracerBoolConversionError", _TRACED_IF),
    (
        "^TracerIntegerConversionError",
        "Inside `jit`, `scan` or a kernel a value is not known yet, so Python can't count with it or use it as an index of a list.",
    ),
    (
        "^TracerArrayConversionError",
        "Inside `jit`, `grad`, `vmap` or `scan` a value is not known yet, and NumPy (`np`) can't calculate with it. `jnp` can.",
    ),
    (
        "^NonConcreteBooleanIndexError",
        "Inside `jit` JAX doesn't know yet how many are True, so it can't select by them. `jnp.where(condition, a, b)` keeps the size.",
    ),
    ("ConcretizationTypeError", _TRACED),
    ("^SystemExit", "It calls `exit()`, which ends the whole program. A function ends with `return`."),
    ("^RecursionError", "It calls itself endlessly."),
    (
        "^UnboundLocalError",
        "That name is used before it has a value: a name that is assigned anywhere in a function is local to that function.",
    ),
    (
        "^NameError",
        "That name is not known here. Is it spelled exactly as where you define it, capitals included? Did you run the cell that defines it?",
    ),
    ("^ZeroDivisionError", "This divides by zero. On which inputs is the divisor 0, and what is the answer there?"),
    ("^KeyError", "The dict has no entry of that name. Names must match letter by letter, capitals included; `.get(name, other)` returns `other` if the name is missing."),
    (r"^IndexError: [Tt]oo many indices", "There are more indices here than the array has axes."),
    ("^IndexError", _BEYOND),
    # --- kinds of values
    (r"unsupported operand type\(s\) for (\S+): '(\w+)' and '(\w+)'", _operand),
    (r"unsupported operand type\(s\) for (\S+): '(\w+)'", _operand),
    (r"bad operand type for unary (\S+): '(\w+)'", _operand),
    (r"'(\S+)' not supported between instances of '(\w+)' and '(\w+)'", _operand),
    (
        r"can't multiply sequence by non-int|can only concatenate (?:list|tuple)",
        "Lists and tuples don't calculate elementwise. Go through them in a loop (`zip` goes through several), or turn them into arrays.",
    ),
    (r"can only concatenate str", _KINDS["str"]),
    (r"'(\w+)' object has no attribute '(\w+)'", _attribute),
    (r"module '([\w.]+)' has no attribute '(\w+)'", lambda f, source: f"`{f[1]}` has nothing called `{f[2]}`. Is the spelling right, or does it belong to another module?"),
    (r"'([\w.]+)' object is not callable", _called),
    (r"cannot unpack non-iterable (\w+)|'([\w.]+)' object is not (?:iterable|subscriptable)|object of type '([\w.]+)' has no len|iteration over a (0-d) array", _no_parts),
    (r"unhashable type", "An array can't be a key: neither a name in a dict, nor an argument of a function that remembers its answers (`@cache`)."),
    # --- calls
    (r"append\(\) takes exactly one argument", "`append` takes one thing. A pair needs parentheses of its own: `append((a, b))`."),
    (r"(\S+)\(\) missing \d+ required [\w-]+ arguments?: (.+)", _missing),
    (r"(\S+)\(\) takes (?:from |exactly |no )?.*arguments? (?:but|\()", _too_many),
    (r"unexpected keyword argument '(\w+)'", lambda f, source: f"What you call here has no argument named `{f[1]}`. Is the spelling right?"),
    (r"multiple values for argument '(\w+)'", lambda f, source: f"`{f[1]}` was passed twice: once by position, once by name."),
    (r"expected at least \d+ arguments?, got 0", "It was called with empty parentheses. If you pass a function to another one, write its name without parentheses: it is called there."),
    (
        r"Expected a callable value|is not a callable object|must be callable|first argument must be callable|the first argument must be callable",
        "`jit`, `grad`, `vmap` and `scan` take the function itself, and you pass something else first, perhaps what the function returned. `grad(f)(x)` differentiates f; `grad(f(x))` has called it already.",
    ),
    (
        r"vmap in_axes|vmap was requested|vmap got",
        "`in_axes` has one entry for each argument that the mapped function is called with, and each axis that it names has to exist.",
    ),
    (
        r"scan body output must be a pair|scan.*must be a pair",
        "The function that `scan` calls returns a pair: what is carried to the next iteration, and what is collected.",
    ),
    (
        r"scan body function carry|scan carry|carry input and carry output",
        "The carry that the function of `scan` returns must look like the one it was given: the same parts, in the same order, with the same shapes and types. It returns two things: the carry, and what is collected.",
    ),
    (r"scan got value with no leading axis|scan got (?:argument|values) |scan's length|`?length`? argument", "`scan` takes a function, the first carry, and what it goes through, in this order; put several arrays to go through into one tuple."),
    (r"fori_loop", "`fori_loop` takes the first number, the number where it stops, the function of one iteration, and the first value, in this order; the function is called with the iteration's number and the value so far, and returns the new value."),
    # --- gradients
    (
        r"Gradient only defined for scalar-output functions.*(?:None|NoneType)",
        "The function to be differentiated returned None: it has no `return`.",
    ),
    (
        r"Gradient only defined for scalar-output functions",
        "The function to be differentiated must return one number, and it returned something else: is a mean or a sum missing, or does it return more than the loss?",
    ),
    (r"grad requires real- or complex-valued inputs", "You asked for a gradient with respect to whole numbers. Is this the right argument? Parameters are floats."),
    # --- shapes and types
    (r"dot_general requires contracting dimensions|[Mm]atmul.*(?:mismatch|core dim)|shapes \(.*\) and \(.*\) not aligned", _contracted),
    (
        r"shape-mismatch for sum|tensordot.*must|einsum.*(?:does not match|size)|inconsistent size for contracted",
        "The axes that are multiplied and added up must be equally long in both arrays, and here they are not: is one array too short, or are two of its axes swapped?",
    ),
    (r"[Ii]ncompatible shapes for broadcasting.*|could not be broadcast together.*|arguments to \w+ must have equal shapes.*", _meeting),
    (r"cannot reshape array", "The new shape doesn't fit the count of numbers: its lengths, multiplied together, must give that count."),
    (r"not enough values to unpack \(expected (\d+), got (\d+)\)", _unpacked),
    (r"too many values to unpack \(expected (\d+)", _unpacked),
    (r"truth value of an array", _truth),
    (r"does not accept dtype", lambda f, source: _CHAINED if re.search(r"[&|]", source) else None),
    (r"'float' object cannot be interpreted as an integer|[Ii]ndices must be integers|Shapes must be 1D sequences of concrete values of integer type|Indexer must have integer|slice indices must be|must be (?:an )?integers?\b", _WHOLE),
    (r"Cannot interpret '.*' as a data type", "Here the second argument is the number type. A shape is one argument, in parentheses of its own: `zeros((rows, columns))`."),
    (r"PRNG key|key data|random key|random_bits requires", _KEY),
    (r"only (?:length-1|size-1|0-dimensional|integer scalar) arrays|must be real number, not|Only scalar arrays can be converted", _SCALAR),
    (r"[Nn]eed at least one array to (?:stack|concatenate)", "There is nothing to put together: the list is empty. Does the loop run at least once on this input?"),
    (r"(?:iterable argument|arg) is (?:an )?empty|zero-size array to reduction", "There is nothing to choose from: on this input the array is empty."),
    (r"[Pp]ytree|tree structure|[Cc]ustom node|Expected (?:dict|tuple|list|None)|(?<!shape-)[Mm]ismatch for|Dict key mismatch|Dict keys", _TREES),
    (
        r"where requires ndarray or scalar arguments, got <class 'NoneType'>|[Ee]ither both or neither",
        "`where` was given None, or nothing, instead of a number or an array: it takes a condition, the values where it holds, and the values where it doesn't.",
    ),
    (r"requires ndarray or scalar arguments, got <class '(\w+)'>", lambda f, source: f"This needs an array. {_KINDS[f[1]]}" if f[1] in _KINDS else None),
    (r"not a valid JAX (?:array )?type|Cannot determine dtype|Cannot interpret value of type", "JAX calculates with arrays and numbers, and this is something else: a function that has not been called, a text, or an object."),
)  # fmt: skip


def meaning(failure: Failure) -> str | None:
    """What the error means in a learner's words, or None where there is nothing to say beyond it."""
    text = f"{failure.kind}: {failure.message}"
    for pattern, said in _MEANINGS:
        found = re.search(pattern, text, re.DOTALL)
        sentence = said(found, failure.source) if found and callable(said) else said if found else None
        if isinstance(sentence, str):
            return sentence
    return None
