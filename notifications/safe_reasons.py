"""Why a run ended, in a form that may leave the server: without what could be data, such as names of files and samples.

Reasons are written for the run's page, which asks for a login. Messages go to chats and mailboxes, so of a reason they
get what this server itself says: of an error in someone's code its class alone, of a sentence no quotation, nothing in
brackets or behind a colon, no path, no name, and no number that could be a sample's. The page has the rest. Pure.
"""

from __future__ import annotations

import re

LONGEST = 300
LEFT_OUT = "…"
_CLASS = re.compile(r"(?:[A-Za-z_]\w*\.)*([A-Z]\w*)(?::|$)")
_QUOTED = re.compile(r"""(?<!\w)(['"`])(?:(?!\1).)*(?:\1(?!\w)|$)|[“„«‘][^”“»’]*[”“»’]?""")
_BRACKETED = re.compile(r" ?[(\[{][^)\]}]*[)\]}]?")
_COUNTED = {
    *("times", "time", "seconds", "second", "minutes", "minute", "hours", "hour", "epochs", "GiB", "MiB", "GB", "MB"),
    *("s", "%", "machines", "GPUs", "workers"),
}
_NUMBERED = {"epoch", "code", "signal", "GPU", "rank", "attempt", "after", "num_nodes"}
_OPTION = re.compile(r"(?:data|trainer|model|callbacks|optimizer)\.[a-z_]+")
_WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
_NAMES = {"Ask", "CPU", "CSV", "DICOM", "GPU", "GPUs", "PyTorch", "Resume", "SIGKILL", "SIGTERM", "I"}
"""Words with a capital within a sentence that are nobody's name."""
_NUMBER = re.compile(r"\d{1,4}(?:\.\d+)?")


def safe_reason(reason: str | None) -> str:
    """Return what may be said of a reason; blank if nothing may, or there is none."""
    text = " ".join((reason or "").split())
    if not text:
        return ""
    if (found := _CLASS.match(text)) and " " not in found[0]:
        return f"{found[1]}; the run's page has the message."
    sentences = re.split(r"(?<=[.!?]) (?=[A-Z])", _BRACKETED.sub("", _QUOTED.sub(LEFT_OUT, text)))
    return _shortened(" ".join(_safe_sentence(sentence) for sentence in sentences))


def _safe_sentence(sentence: str) -> str:
    """Leave out what follows a colon, which quotes others, and every word that may name data."""
    said, colon, _ = sentence.partition(": ")
    words = said.split(" ")
    kept = [
        _safe_word(word, words[place - 1 : place], words[place + 1 : place + 2]) for place, word in enumerate(words)
    ]
    text = re.sub(rf"(?:{LEFT_OUT} )+{LEFT_OUT}", LEFT_OUT, " ".join(kept))
    return f"{text}: {LEFT_OUT}" if colon else text


def _safe_word(word: str, before: list[str], after: list[str]) -> str:
    bare = word.strip(".,;:!?–-")
    if not bare or _OPTION.fullmatch(bare) or bare == "train.log":
        return word
    if _WORD.fullmatch(bare) and (not before or bare[0].islower() or bare in _NAMES):
        return word
    is_counted = bool(after) and after[0].strip(".,;:!?") in _COUNTED
    is_numbered = bool(before) and before[0] in _NUMBERED
    if _NUMBER.fullmatch(bare) and (is_counted or is_numbered):
        return word
    return LEFT_OUT + (word[-1] if word[-1] in ".,;!?" else "")


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}{LEFT_OUT}"
