"""Judge which of two classes is the finding, by their names: the one that denies or says "nothing found" is not."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal, NamedTuple, TypeAlias

from experiments.training.data.labels import label_words as words
from experiments.training.data.labels import spellings

Tone: TypeAlias = Literal["negative", "positive", "neutral"]

_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])|(?<=[A-Z])(?=[A-Z][a-z])")
_PARTS = re.compile(r"w/o|[^\W\d_]+|\d+")
_BETWEEN = frozenset({"a", "an", "any", "the", "evidence", "of", "sign", "signs", "evidently", "clearly"})


class Judgement(NamedTuple):
    """The finding of two classes, and the reason; `sure` is False where it is only the likelier one."""

    positive: str
    why: str
    sure: bool = True


def judge(first: str, second: str) -> Judgement:
    """Judge which of two different classes is the finding."""
    for rule in (_by_number, _by_truth, _by_negation, _by_degree):
        if found := rule(first, second) or rule(second, first):
            return found
    if spellings.number(first) and spellings.number(second):
        return _likelier(first, second)
    worded = _by_words(first, second) or _by_words(second, first)
    numbered = _by_numbering(first, second) or _by_numbering(second, first)
    if worded and numbered and worded.positive != numbered.positive:
        return Judgement(worded.positive, f"{worded.why}, but {numbered.why}", False)
    return worded or numbered or _likelier(first, second)


def _by_number(first: str, second: str) -> Judgement | None:
    """Judge 0 against another number, and -1 against 1; for 1 and 2 nothing says which is the finding."""
    one, other = spellings.number(first), spellings.number(second)
    if one is None or other is None:
        return None
    if (one == "0" and not other.startswith("-")) or (one, other) == ("-1", "1"):
        return Judgement(second, f"of the numbers {one} and {other}, the first says no and the second says yes")
    return None


def _by_truth(first: str, second: str) -> Judgement | None:
    one, other = spellings.key(first), spellings.key(second)
    if (one in words.FALSE and other in words.TRUE) or (_sign(first), _sign(second)) == ("-", "+"):
        return Judgement(second, f"{first!r} says no and {second!r} says yes")
    return None


def _sign(name: str) -> str:
    """Return the sign at the end of a name, as in `ER+`."""
    return name[-1:] if name[-1:] in ("+", "-") else ""


def _by_negation(first: str, second: str) -> Judgement | None:
    """Judge a name that denies the other one: `not fractured`, `CT_NonCOVID`, `notinfected`, `tumour-free`."""
    one, other = tokens(first), tokens(second)
    if not _denies(one, other):
        return None
    if tone(second) == "negative":  # not normal, non-benign, unhealthy
        return Judgement(first, f"{second!r} says that nothing was found, and {first!r} denies it")
    sure = "".join(one) != f"un{''.join(other)}" or tone(first) == "negative" or tone(second) == "positive"
    return Judgement(second, f"{first!r} denies {second!r}", sure)


def _denies(one: list[str], other: list[str]) -> bool:
    stripped = [token for token in one if token not in words.NEGATIONS]
    if len(stripped) < len(one) and stripped == other:
        return True
    if one == [*other, "free"]:
        return True
    compact, plain = "".join(one), "".join(other)
    if any(compact == prefix + plain for prefix in words.NEGATION_PREFIXES):
        return True
    return compact.startswith(words.CHINESE_NEGATIONS) and any(
        compact == negation + plain for negation in words.CHINESE_NEGATIONS
    )


def _by_words(first: str, second: str) -> Judgement | None:
    """Judge by what the words of each name say; two names that say the same decide nothing."""
    one, other = tone(first), tone(second)
    if one == "negative" and other != "negative":
        return Judgement(second, f"{first!r} says that nothing was found")
    if one == "neutral" and other == "positive":
        return Judgement(second, f"{second!r} says that something was found")
    return None


def _by_degree(first: str, second: str) -> Judgement | None:
    one, other = tokens(first), tokens(second)
    for low, high in words.GRADED:
        if low in one and high in other and [high if token == low else token for token in one] == other:
            return Judgement(second, f"{high!r} is the higher degree")
    return None


def _by_numbering(first: str, second: str) -> Judgement | None:
    """Judge names that number the classes from 0: `class_0` and `class_1`, `0_low` and `1_high`."""
    one, other = tokens(first), tokens(second)
    leading = _number_at(one, 0) == 0 and _number_at(other, 0)
    closing = one[:-1] == other[:-1] and _number_at(one, -1) == 0 and _number_at(other, -1)
    return Judgement(second, f"{first!r} has number 0") if leading or closing else None


def _number_at(parts: list[str], at: int) -> int | None:
    return int(parts[at]) if parts and parts[at].isdecimal() and len(parts[at]) < 10 else None


def _likelier(first: str, second: str) -> Judgement:
    """Offer one of two neutral names first: the second, as the classes are in alphabetical order."""
    keys = spellings.key(first), spellings.key(second)
    positive = first if keys[::-1] in words.LIKELY else second
    return Judgement(
        positive, f"nothing in the names {first!r} and {second!r} says which of them is the finding", False
    )


def tone(name: str) -> Tone:
    """Tell what the words of a name say; a denied "normal" says that something was found, as a name that denies."""
    key = spellings.key(name)
    parts = tokens(name)
    whole = " ".join(parts)
    whole_word = len(key) > 1 and not key.isdecimal()  # F beside M is female
    if (whole_word and key in words.FALSE) or whole in words.NEGATIVE_NAMES:
        return "negative"
    if (whole_word and key in words.TRUE) or whole in words.POSITIVE_NAMES:
        return "positive"
    return _tone_of_chinese(whole) or _tone(parts)


def _tone(parts: list[str]) -> Tone:
    found: Tone = "neutral"
    if parts[1:] and parts[-1] == "free":
        return "negative"
    denied = False
    for token in parts:
        if token in words.NEGATIONS:
            denied = True
            continue
        if token in words.NEGATIVE_WORDS:
            if not denied:
                return "negative"
            found, denied = "positive", False
        elif denied and token not in _BETWEEN:
            return "negative"
        elif token in words.POSITIVE_WORDS:
            found = "positive"
    return "negative" if denied else found


def _tone_of_chinese(name: str) -> Tone | None:
    saying = next((word for word in words.CHINESE_NEGATIVES if word in name), None)
    denied = name.startswith(words.CHINESE_NEGATIONS)
    if saying is not None:
        return "positive" if denied and not name.startswith(saying) else "negative"
    return "negative" if denied else None


def tokens(name: str) -> list[str]:
    """Split a name into its words in small letters, accents left out: `CT_NonCOVID` into ct, non and covid."""
    decomposed = unicodedata.normalize("NFKD", _CAMEL.sub(" ", unicodedata.normalize("NFKC", name)))
    plain = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    return _PARTS.findall(plain.casefold())
