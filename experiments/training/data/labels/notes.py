"""Labels that may be the same but for a note, a mark, a unit or the language: `ill (biopsy)` beside `ill`; asked."""

from __future__ import annotations

import re

from experiments.training.data.labels import spellings

MARKS = "?*!#"
SCALES = ("grade", "stage", "class", "type", "level", "score", "group", "category", "grad", "stadium")
"""Words before a number that another hand leaves out."""
LANGUAGES: dict[str, tuple[str, ...]] = {
    "yes": ("ja", "oui", "si", "sim", "是"),
    "no": ("nein", "non", "não", "nao", "nee", "nej", "nei", "否"),
    "true": ("wahr", "vrai", "verdadero"),
    "false": ("falsch", "faux", "falso"),
    "positive": ("positiv", "positif", "positivo", "positiva", "阳性", "陽性"),
    "negative": ("negativ", "négatif", "negatif", "negativo", "negativa", "阴性", "陰性"),
    "benign": ("gutartig", "bénin", "benin", "bénigne", "benigne", "benigno", "benigna", "goedaardig", "良性"),
    "malignant": ("bösartig", "boesartig", "malin", "maligne", "maligno", "maligna", "kwaadaardig", "恶性", "惡性"),
    "healthy": ("gesund", "sain", "saine", "sano", "sana", "saudável", "gezond", "frisk", "健康"),
    "sick": ("krank", "malade", "enfermo", "enferma", "doente", "ziek"),
    "normal": ("normale", "norma", "正常"),
    "male": ("männlich", "maennlich", "homme", "hombre", "masculino"),
    "female": ("weiblich", "femme", "mujer", "femenino"),
}
"""What one label is called in other languages."""

_ENGLISH = {word: english for english, words in LANGUAGES.items() for word in words}
_ROMAN = {roman: str(number) for number, roman in enumerate(("i", "ii", "iii", "iv", "v", "vi"), start=1)}
_NOTE = re.compile(rf"(?<=\S)\s*(?:\([^()]*\)|\[[^\[\]]*\]|[{re.escape(MARKS)}]+)$")
_SCALE = re.compile(rf"(?:{'|'.join(SCALES)}) ?(?P<number>\d+|{'|'.join(_ROMAN)})")


def bare(key: str) -> str:
    """Return what is left of a label's key without its note, mark and unit, in English; `2` for `ii`."""
    text = _NOTE.sub("", key).strip() or key
    scale = _SCALE.fullmatch(text)
    text = scale["number"] if scale else text
    text = _ROMAN.get(text, text)
    return spellings.without_zero_tail(_ENGLISH.get(text, text))


def is_bare(key: str) -> bool:
    """Return whether the label has neither a note nor a mark nor a unit."""
    return not _NOTE.search(key) and not _SCALE.fullmatch(key)
