"""What the simulator's findings in a kernel mean, in the words of a learner."""

from __future__ import annotations

import re

# Words of a finding's sentence, and what they mean; the first that is found counts. What is said holds for every kernel in which it is found.
_MEANINGS = (
    (
        r"^out of bounds: [^[]*\[[^\]]*-\d",
        "An index below 0 lies outside of the array: in a kernel it doesn't count from the end, as it does in NumPy.",
    ),
    (
        r"^out of bounds",
        "Either a guard has to keep this thread out, or its index is not the one that you meant. A guard compares each index with the length of this array along the same axis.",
    ),
    (
        r"^race: .*in the same line.*no barrier",
        "Threads of one block use the same element at the same time, and at least one of them writes. Which thread should this element belong to?",
    ),
    (
        r"^race: .*no barrier",
        "The threads of a block run in no fixed order. `t.syncthreads()` makes each of them wait until all are there: one has to come between the two lines.",
    ),
    (
        r"^race: .*blocks have no order",
        "Blocks can't wait for each other. Each element that is written should belong to one block, and in it to one thread.",
    ),
    (
        r"^never written",
        "Memory holds nothing useful until a thread has stored something there. Store a first value before this line, or add up in a variable such as `total = 0.0`.",
    ),
    (
        r"^unset",
        "On this thread's way through the kernel the variable gets no value. Set it before the `if` or the loop as well.",
    ),
)  # fmt: skip
NEVER_WRITTEN = (
    "An element of a kernel's output that is never written holds NaN. Does each program, or each thread, write elements of its own, "
    "and do all of them together write every element?"
)


def is_kernel(code: str) -> bool:
    """Whether a learner's code is a kernel, of the simulator or of Pallas."""
    return bool(re.search(r"threadIdx|_ref\b", code))


def of_finding(sentence: str, code: str) -> str | None:
    """What the sentence of a finding means, or that of an output with NaN in it; None where it is neither."""
    if is_kernel(code) and "NaN (not a number)" in sentence:
        return NEVER_WRITTEN
    return next((said for words, said in _MEANINGS if re.search(words, sentence, re.DOTALL)), None)
