"""File names whose encoding no archive tells: read by trial of the encodings that systems write, by what looks like a name.

A zip file marks a name as UTF-8, or says nothing of its encoding: then the format means cp437 (APPNOTE.TXT, appendix D), macOS writes
UTF-8 all the same, and Windows writes what its language has: cp850 or cp1252, cp932 in Japan, gbk in China, big5 in Taiwan, cp949 in Korea.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

# The likelier first: it wins where two readings look equally like names.
ENCODINGS = (
    *("cp437", "cp850", "cp1252", "cp932", "gbk", "cp949", "big5", "cp866", "cp1251", "mac-roman", "euc-jp"),
    *(
        "cp852",
        "cp1250",
        "koi8-r",
        "cp1253",
        "cp737",
        "cp1254",
        "cp857",
        "cp1257",
        "cp874",
        "cp1255",
        "cp862",
        "cp1256",
    ),
)
# Those in which a letter may take two bytes, each with the first bytes of its everyday characters (those of the standard's first level).
_WIDE = {
    "cp932": range(0x88, 0x98),
    "euc-jp": range(0xB0, 0xD0),
    "gbk": range(0xB0, 0xD8),
    "big5": range(0xA4, 0xC7),
    "cp949": range(0xB0, 0xC9),
}
# The characters that make most names of people, and words for homework: they tell encodings apart whose bytes overlap.
_COMMON = {
    "cp932": "田中山本村上下小大川井藤佐高木林清水松野原石橋森池吉加渡辺斎伊太郎子美一二三郎介香奈恵優翔健真由直人和也宿題課題演習解答提出第回年組番号",
    "gbk": "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超小文华国建平玲红宇晓志作业练习第课学号班答案提交",
    "big5": "王李張劉陳楊趙黃周吳徐孫胡朱高林何郭馬羅蔡許鄭謝洪邱曾廖賴葉蘇莊呂江雅婷怡君志明家豪淑芬美玲俊傑文華國建宏小欣宜作業練習第課學號班答案繳交歐陽司徒鄧彭范潘游盧戴馮姚柯簡嘉雯",
    "cp949": "김이박최정강조윤장임한오서신권황안송류홍전고문양손배백허유남심노하곽성차주우구민진지수현영은준호서연철희경숙미정훈재석동혁과제숙제연습실습제출학번홍길동선권태용상광은혜나다라우유승보람슬기예원가반답안이름",
}
_COMMON["euc-jp"] = _COMMON["cp932"]
# Letters of Latin script beyond ASCII: those that names have most often, and often; the others weigh half.
_MOST, _OFTEN = frozenset("éüöäáíóñçøåłśżąęřÉÜÖÄÁÓÅØŁ"), frozenset("ßèëàâãæêîïòôõùúûýœšžčćěźńőűşğıÇÍÑÆÚŠŽČŚŻŞİÈÀ")
_PUNCTUATION = frozenset("·、。「」『』（）［］【】〜～・ー々〇：！？＿－　’´`°º°ª«»–—")


def decoded(names: Sequence[bytes]) -> list[str]:
    """The names of one archive that are not marked as UTF-8, as text.

    What is UTF-8 is read so. The others are taken to be in one encoding, that in which they look most like names; a name that it can't
    read is read for itself.
    """
    read = [_strict(raw, "utf-8") for raw in names]
    odd = [raw for raw, text in zip(names, read, strict=True) if text is None]
    best = _best(odd) if odd else ""
    return [
        text if text is not None else _strict(raw, best) or raw.decode(_best([raw]) or "latin-1")
        for raw, text in zip(names, read, strict=True)
    ]


def _best(names: Sequence[bytes]) -> str:
    """The encoding that reads all of the names, or most of them, and gives what looks most like names."""
    scores = {encoding: sum(_score(raw, encoding) for raw in names) for encoding in ENCODINGS}
    return max(ENCODINGS, key=lambda encoding: scores[encoding])


@cache
def _score(raw: bytes, encoding: str) -> float:
    """How much a name looks like one in this encoding; a byte beyond ASCII counts 1 at most, and a little more for the commonest letters."""
    text = _strict(raw, encoding)
    if text is None:
        return -10.0 * len(raw)
    score = 0.0
    for word in re.findall(r"[^\W\d_]+|[^\x00-\x7f]", text):
        if not word.isascii():
            score += sum(_weight(letter, encoding) for letter in word if not letter.isascii()) + _shape(word)
    return score


def _weight(letter: str, encoding: str) -> float:
    """What one character beyond ASCII says for its encoding."""
    size = len(letter.encode(encoding))
    category = unicodedata.category(letter)
    if letter in _PUNCTUATION:
        return 0.2 if size > 1 else -0.5
    if category not in ("Ll", "Lu", "Lo", "Mn", "Mc") or _compatible(letter):
        return -3.0 * size
    if encoding not in _WIDE:
        if _script(letter) == "LATIN":
            return 1.0 if letter in _MOST else 0.8 if letter in _OFTEN else 0.5
        return -1.0 if category == "Mn" and _script(letter) != "THAI" else 0.8
    if size == 1:
        return -0.5  # katakana of half width, which no file is called with
    if letter in _COMMON[encoding]:
        return 1.5 * size
    script = _script(letter)
    if script in ("HIRAGANA", "KATAKANA"):
        return (1.0 if encoding in ("cp932", "euc-jp") else -0.5) * size
    if script == "HANGUL":
        return (0.8 if letter.encode(encoding)[0] in _WIDE[encoding] else 0.1) * size
    if script != "CJK" or encoding == "cp949":
        return -0.5 * size
    return (0.8 if letter.encode(encoding)[0] in _WIDE[encoding] else 0.1) * size


def _shape(word: str) -> float:
    """What speaks for or against a word as a whole: how it begins, scripts mixed within it, capitals where none are, accents in a row."""
    pairs = list(pairwise(word))
    scripts = [(_script(one), _script(other)) for one, other in pairs]
    # Kana and kanji make words together.
    japanese = any(script in ("HIRAGANA", "KATAKANA") for pair in scripts for script in pair)
    mixed = sum("LATIN" in pair if japanese else True for pair in scripts if pair[0] != pair[1])
    inside = sum(one.islower() and other.isupper() and not other.isascii() for one, other in pairs)
    shouted = (0.2 if word.isupper() else 1.0) * sum(one.isupper() and other.isupper() for one, other in pairs)
    row = sum(
        pair == ("LATIN", "LATIN") and not (one + other).isascii() and not one.isascii() and not other.isascii()
        for pair, (one, other) in zip(scripts, pairs, strict=True)
    )
    begins = 0.15 if not word[0].isascii() and word[0].isupper() and word[1:].islower() else 0.0
    return begins - 2.0 * mixed - 2.0 * inside - shouted - 1.0 * row


def _compatible(letter: str) -> bool:
    """Is it a ligature, a raised letter or the like, which no name is written with?"""
    return unicodedata.decomposition(letter).startswith("<") or letter in "ƒ"


@cache
def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]


def _strict(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None
