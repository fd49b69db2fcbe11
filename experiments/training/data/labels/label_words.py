"""The words by which labels are known: missing ones, truth, uncertainty, and what says that nothing was found.

All are in small letters, with blanks between words, as `spellings.key` writes them. The documentation lists them.
"""

from __future__ import annotations

MISSING = frozenset(
    {
        "",
        "na",
        "n/a",
        "n.a",
        "<na>",
        "#n/a",
        "#na",
        "#n/a n/a",
        "nan",
        "-nan",
        "+nan",
        "nat",
        "null",
        "inf",
        "-inf",
        "+inf",
        "infinity",
        "-infinity",
        "1.#ind",
        "-1.#ind",
        "1.#qnan",
        "-1.#qnan",
        "#null!",
        "#value!",
        "#ref!",
        "#div/0!",
        "#num!",
        "#name?",
    }
)
"""No label: as R, pandas, NumPy, SQL and spreadsheets write it. Never a class."""

MISSING_SIGNS = frozenset("-?.*/~ ")
"""A cell that holds nothing but these has no label either; `-` beside `+` has."""

UNLABELLED = frozenset({"unlabeled", "unlabelled", "no label", "not labeled", "not labelled"})
"""Words that may say so; folders that are called so are no class folders, which is asked elsewhere."""

PERHAPS_MISSING = UNLABELLED | {
    *("none", "nil", "unknown", "missing", "undefined", "not available", "not applicable", "tbd"),
}
"""Words that may be a class, and may say that there is none: asked."""

NO_FINDING = frozenset({"none", "nil"})
"""Of these, what is a label where cells list findings."""

TRUE = frozenset({"1", "true", "yes", "y", "t", "positive", "pos", "present", "+"})
FALSE = frozenset({"0", "false", "no", "n", "f", "negative", "neg", "absent", "-"})
SAME_TRUTH = (frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"}))
"""What one column may mix where several hands wrote it: `1`, `true` and `yes` are then one class."""

UNCERTAIN = frozenset({"-1", "u", "uncertain", "unsure", "equivocal", "indeterminate"})
"""Uncertain findings, where they stand beside words of TRUE and FALSE."""

NEGATIONS = frozenset(
    {
        *("no", "not", "non", "without", "w/o", "never", "neither", "nor", "minus", "lacks", "lacking"),
        *("nicht", "kein", "keine", "keinen", "ohne"),
        *("pas", "sans", "aucun", "aucune"),
        *("sin", "ningun", "ninguna", "ninguno"),
        *("senza", "nessun", "nessuna", "sem", "nao"),
        *("geen", "niet", "zonder", "ingen", "inget", "ikke", "inte", "utan", "uden", "uten", "bez", "brak"),
    }
)
"""Words that deny what follows, in languages of Europe, accents left out."""

NEGATION_PREFIXES = ("not", "non", "no", "un")
"""They deny a word that the other class is called by: infected and notinfected."""

NEGATIVE_WORDS = frozenset(
    {
        *("negative", "neg", "normal", "healthy", "benign", "absent", "absence", "control", "controls"),
        *("unremarkable", "unaffected", "uninfected", "undamaged", "uninjured", "unfractured", "uninvolved"),
        *("unchanged", "asymptomatic", "noncancerous", "nondemented", "nontumor", "nontumour", "nondiabetic"),
        *("gesund", "unauffallig", "negativ", "gutartig", "kontrolle", "unverandert"),
        *("sain", "saine", "negatif", "benin", "benigne", "normale", "temoin"),
        *("sano", "sana", "negativo", "negativa", "benigno", "benigna", "ausente", "saludable"),
        *("assente", "saudavel", "норма", "здоров", "отрицательный"),
        *("gezond", "goedaardig", "frisk", "zdravy", "zdrava", "zdrave", "zdrowy", "zdrowa", "zdrowe", "saglıklı"),
        *("saglikli", "terve", "egeszseges"),
    }
)
"""Words that say that nothing was found, wherever they stand in the name of a class; accents left out."""

NEGATIVE_NAMES = frozenset(
    {
        *("false", "none", "nil", "clear", "clean", "intact", "good", "ok", "pass", "passed", "stable", "safe", "well"),
        *("sham", "placebo", "nein", "falsch", "faux", "falso", "нет"),
    }
)
"""Names of classes that say so if they are the whole name."""

POSITIVE_WORDS = frozenset(
    {
        *("positive", "pos", "abnormal", "malignant", "malignancy", "cancer", "cancerous", "carcinoma", "diseased"),
        *("sick", "ill", "affected", "infected", "pathological", "pathologic", "unhealthy", "defect", "defective"),
        *("damaged", "krank", "positiv", "bosartig", "auffallig", "malade", "positif", "malin", "enfermo", "enferma"),
        *("positivo", "positiva", "maligno", "maligna", "malato", "doente"),
        *(
            "ziek",
            "kwaadaardig",
            "syk",
            "syg",
            "sjuk",
            "nemocny",
            "nemocna",
            "chory",
            "chora",
            "chore",
            "sairas",
            "beteg",
        ),
    }
)
"""Words that say that something was found, accents left out."""

POSITIVE_NAMES = frozenset(
    {"true", "yes", "present", "presence", "event", "case", "cases", "ja", "wahr", "oui", "vrai", "si", "sim"}
)
"""Names of classes that say so if they are the whole name."""

GRADED = (("low", "high"), ("mild", "severe"), ("minor", "major"))
"""Pairs of words of which the second is the finding."""

LIKELY = (("b", "m"), ("n", "p"), ("survived", "died"), ("alive", "dead"), ("typical", "atypical"))
"""Pairs of names of which the second is offered first; asked nevertheless."""

CHINESE_NEGATIONS = ("没有", "沒有", "无", "無", "非", "未", "不")
CHINESE_NEGATIVES = ("正常", "阴性", "陰性", "良性", "健康", "否", "なし")
