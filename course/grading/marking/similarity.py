"""Which submissions are suspiciously alike: shown to the instructor, who compares them; never scored.

Winnowing (S. Schleimer, D. S. Wilkerson, A. Aiken: Winnowing: Local Algorithms for Document Fingerprinting, SIGMOD
2003), the method of MOSS, over Python's tokens. Names that a learner chooses, comments, strings and white space don't
count, nor does the order of functions. What the course itself gave is left out, and so is what many in the class wrote.
"""

from __future__ import annotations

import hashlib
import io
import keyword
import math
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

from course.grading.graft.source_code import plain_python
from course.grading.model import GRADED, MISSING, NOT_WRITTEN, Result

GRAM = 8  # tokens that are hashed together: shorter matches are noise
WINDOW = 4  # one hash of each so many neighbors is kept: a match of GRAM + WINDOW - 1 = 11 tokens is always seen
_BYTES = 6  # 48 bits a hash: whole in any reader of JSON, and two alike by chance in 10⁶ hashes are unlikely
_MOST_TOKENS = 20_000  # of one submission

# Above this share of the class a hash is what one writes; in a small class, above this many learners.
COMMON_SHARE, COMMON_LEARNERS = 1 / 3, 3
# A pair is shown from this much of the smaller one in common, and from this much weight of shared hashes. Tried on
# classes drawn from honest answers to lesson 02: at most one pair in a hundred honest ones is shown, most in classes of
# 30. A copy of nothing but the most usual answers is not told from chance.
LEAST_SHARE, LEAST_COMMON = 0.7, 12.0
PAIRED_GROUP = 6  # learners with the same text, of whom every pair is listed

_SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER, tokenize.STRING}
_SHAPES = {tokenize.NEWLINE: "⏎", tokenize.INDENT: "→", tokenize.DEDENT: "←"}
# From Python 3.12 on an f-string is several tokens.
_OPENS = {getattr(tokenize, "FSTRING_START", -1), getattr(tokenize, "TSTRING_START", -1)} - {-1}
_CLOSES = {getattr(tokenize, "FSTRING_END", -1), getattr(tokenize, "TSTRING_END", -1)} - {-1}


@dataclass(frozen=True)
class Pair:
    """Two submissions that are suspiciously alike.

    Attributes:
        one, other: their keys, in order.
        share: how much of the smaller one's own code is in the other, from 0 to 1; what few wrote weighs more.
        common: how many distinctive hashes they share.
        lesson: of which they are.
        same: the questions that both answered in the same way; names, comments and strings apart.
        exact: everything that the two wrote is the same text, private cells too.
    """

    one: str
    other: str
    share: float
    common: int
    lesson: str = ""
    same: tuple[str, ...] = ()
    exact: bool = False


def fingerprint(code: Iterable[str], given: Iterable[str] = ()) -> tuple[int, ...]:
    """The hashes that stand for a learner's code: sorted, each once, the same in every process.

    Args:
        code: the learner's sources; not run, and they need not parse.
        given: what the course gave, stubs and given cells. No sequence of tokens in it counts.
    """
    theirs = {value for source in given for part in _parts(source) for value in _hashes(part)}
    found: set[int] = set()
    room = _MOST_TOKENS
    for source in code:
        for part in _parts(source):
            tokens = part[:room]
            room -= len(tokens)
            found.update(_winnowed([value if value not in theirs else None for value in _hashes(tokens)]))
    return tuple(sorted(found))


def own_digest(code: Iterable[str], given: Iterable[str]) -> str:
    """SHA-256 of all the code that a learner wrote, as text; "" where nothing was written.

    Args:
        code: the sources of all code cells, private ones too, in order.
        given: what the course gave; cells with that text don't count.
    """
    theirs = {source.strip() for source in given}
    own = [source.strip() for source in code if source.strip() and source.strip() not in theirs]
    return hashlib.sha256("\0".join(own).encode("utf-8", "replace")).hexdigest() if own else ""


def likely_copies(results: Iterable[Result]) -> list[Pair]:
    """The pairs of graded results of the same lesson that are suspiciously alike: exact copies first, then as :func:`alike`.

    An exact copy is a pair whatever the class wrote; one of a large group is paired with the group's first alone.
    """
    lessons: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        if result.status == GRADED:
            lessons[result.lesson].append(result)
    return [pair for lesson in sorted(lessons) for pair in _of_lesson(lesson, lessons[lesson])]


def _of_lesson(lesson: str, results: Sequence[Result]) -> list[Pair]:
    by_key = {result.learner: result for result in results}
    likely = {(pair.one, pair.other): pair for pair in alike({key: one.fingerprint for key, one in by_key.items()})}
    groups: dict[str, list[str]] = defaultdict(list)
    for key in sorted(by_key):
        # Who wrote next to nothing wrote the same as others did.
        if by_key[key].own_digest and len(by_key[key].fingerprint) >= LEAST_COMMON:
            groups[by_key[key].own_digest].append(key)
    exact: set[tuple[str, str]] = set()
    for keys in groups.values():
        exact.update(combinations(keys, 2) if len(keys) <= PAIRED_GROUP else ((keys[0], key) for key in keys[1:]))
    pairs = []
    for one, other in sorted({*likely, *exact}):
        pair = likely.get((one, other)) or Pair(one, other, 1.0, len(by_key[one].fingerprint))
        if (one, other) in exact:
            pair = replace(pair, share=1.0, exact=True)
        pairs.append(replace(pair, lesson=lesson, same=_same_answers(by_key[one], by_key[other])))
    return sorted(pairs, key=lambda pair: (not pair.exact, -pair.share, -pair.common, pair.one, pair.other))


def _same_answers(one: Result, other: Result) -> tuple[str, ...]:
    """The names of the questions that both have written, and in the same way."""
    theirs = {question.name: question for question in other.questions}
    unwritten = (MISSING, NOT_WRITTEN)
    return tuple(
        mine.name
        for mine in one.questions
        if (its := theirs.get(mine.name)) and mine.state not in unwritten and its.state not in unwritten
        if list(_parts(mine.code)) == list(_parts(its.code))
    )


def alike(fingerprints: Mapping[str, Sequence[int]]) -> list[Pair]:
    """The pairs that have suspiciously much in common, the most alike first.

    A hash counts if at most a third of the class has it, or at most three learners (in a class of five, four who
    wrote the same are no evidence). It weighs 1 if at most three have it, and ever less, by the logarithm of how many
    do, the nearer it comes to a third. A group of copies that is larger than that is not seen. Short answers have few
    distinctive hashes, and LEAST_COMMON of them must be shared.

    Args:
        fingerprints: for each submission of one lesson, by learner or any other key, what :func:`fingerprint` gave.
    """
    counts = Counter(value for hashes in fingerprints.values() for value in set(hashes))
    most = max(COMMON_LEARNERS, COMMON_SHARE * len(fingerprints))
    weights = {value: _weight(count, most) for value, count in counts.items() if count <= most}
    holders: dict[int, list[str]] = defaultdict(list)
    own: dict[str, float] = {}
    for key in sorted(fingerprints):
        values = sorted(value for value in set(fingerprints[key]) if value in weights)
        own[key] = sum(weights[value] for value in values)
        for value in values:
            holders[value].append(key)
    shared: dict[tuple[str, str], float] = defaultdict(float)
    common: Counter[tuple[str, str]] = Counter()
    for value, keys in holders.items():
        for place, one in enumerate(keys):
            for other in keys[place + 1 :]:
                shared[one, other] += weights[value]
                common[one, other] += 1
    pairs = [
        Pair(one, other, round(weight / min(own[one], own[other]), 3), common[one, other])
        for (one, other), weight in shared.items()
        if weight >= LEAST_COMMON and weight >= LEAST_SHARE * min(own[one], own[other])
    ]
    return sorted(pairs, key=lambda pair: (-pair.share, -pair.common, pair.one, pair.other))


def _weight(count: int, most: float) -> float:
    if count <= COMMON_LEARNERS:
        return 1.0
    return math.log((most + 1) / count) / math.log((most + 1) / COMMON_LEARNERS)


def _parts(source: str) -> Iterator[list[str]]:
    """The normalized tokens of each statement at the top level, such as a function."""
    tokens = list(_tokens(plain_python(source)))
    chosen = _chosen_names(tokens)
    part: list[str] = []
    depth = 0
    before = ""
    for kind, text in tokens:
        if kind == tokenize.NEWLINE and part[-1:] in ([], ["⏎"], ["→"]):
            continue  # the end of a docstring's line
        if kind == tokenize.NAME and not keyword.iskeyword(text):
            # After a dot stands a library's name, which tells much, unless the learner made it: self.conv1 = …
            part.append(text if before == "." and text not in chosen else "n")
        else:
            part.append(_SHAPES.get(kind, text))
        depth += (kind == tokenize.INDENT) - (kind == tokenize.DEDENT)
        before = text
        # `def …:` ends with NEWLINE, too; its INDENT comes next and belongs to it.
        whole = kind == tokenize.DEDENT or (kind == tokenize.NEWLINE and part[-2:] != [":", "⏎"])
        if depth <= 0 and whole:
            yield part
            part = []
    if part:
        yield part


def _tokens(source: str) -> Iterator[tuple[int, str]]:
    """(kind, text) of each token that counts, up to where the source is broken."""
    inside = 0  # of f-strings
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            inside += (token.type in _OPENS) - (token.type in _CLOSES)
            if not inside and token.type not in _SKIPPED and token.type not in _CLOSES:
                yield token.type, token.string
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return


def _chosen_names(tokens: Sequence[tuple[int, str]]) -> set[str]:
    """Names after a dot that this source itself gives: attributes that it sets, methods that it defines."""
    texts = [text for _, text in tokens]
    attributes = {
        name for dot, name, sign in zip(texts, texts[1:], texts[2:], strict=False) if dot == "." and sign in ("=", ":")
    }
    return attributes | {name for word, name in pairwise(texts) if word == "def"}


def _hashes(tokens: Sequence[str]) -> Iterator[int]:
    for start in range(len(tokens) - GRAM + 1):
        gram = "\0".join(tokens[start : start + GRAM]).encode("utf-8", "replace")
        yield int.from_bytes(hashlib.blake2b(gram, digest_size=_BYTES).digest(), "big")


def _winnowed(hashes: Sequence[int | None]) -> Iterator[int]:
    """The least hash of each window; None marks what doesn't count."""
    for start in range(max(1, len(hashes) - WINDOW + 1)):
        counting = [value for value in hashes[start : start + WINDOW] if value is not None]
        if counting:
            yield min(counting)
