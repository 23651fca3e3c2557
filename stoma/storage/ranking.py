"""Which of the items that match a search come first. Pure.

The ranking is BM25 without the rarity of words: SQLite would have to count every item that has a
word, and of a word that is in a third of a million items that takes seconds. All words must occur
anyway, so rarity decides little.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

#: How much a hit counts, by where it is.
WEIGHTS = {"title": 8.0, "contributors_text": 4.0, "tags_text": 2.0, "summary": 1.0}
# How soon more hits say no more, and how much the length of a text counts; the usual values.
_K1, _B = 1.2, 0.75
_WORD = re.compile(r"[^\W_]+")


def ranked(terms: Sequence[str], texts: Mapping[int, Sequence[str]]) -> list[int]:
    """Return the keys of *texts*, the best match first; of equals the higher key.

    Args:
        terms: Words or phrases that are looked for; `begin*` is the beginning of a word.
        texts: For each key the texts that may hold them, in the order of `WEIGHTS`.
    """
    wanted = [_wanted(term) for term in terms]
    plain = {key: [_folded(text) for text in columns] for key, columns in texts.items()}
    lengths = {key: sum(map(len, columns)) for key, columns in plain.items()}
    usual = sum(lengths.values()) / max(1, len(lengths))

    def score(key: int) -> float:
        bend = _K1 * (1 - _B + _B * lengths[key] / (usual or 1.0))
        total = 0.0
        for word, pattern in wanted:
            hits = sum(
                _hits(pattern, text) * weight
                for text, weight in zip(plain[key], WEIGHTS.values(), strict=True)
                if word in text
            )
            total += hits / (hits + bend)
        return total

    return sorted(texts, key=lambda key: (score(key), key), reverse=True)


def _wanted(term: str) -> tuple[str, re.Pattern[str]]:
    """Return a word without which *term* is not in a text, and what it is there."""
    words = _WORD.findall(_folded(term))
    # It begins with letters, not with a condition: those are found many times faster.
    pattern = r"[\W_]+".join(map(re.escape, words))
    end = "" if term.endswith("*") else r"(?![^\W_])"
    return "".join(words[:1]), re.compile(pattern + end)


def _hits(pattern: re.Pattern[str], text: str) -> int:
    starts = (match.start() for match in pattern.finditer(text))
    return sum(not start or not text[start - 1].isalnum() for start in starts)


def _folded(text: str) -> str:
    """Return *text* without capitals and accents."""
    small = text.lower()
    if small.isascii():
        return small
    letters = unicodedata.normalize("NFKD", small)
    return "".join(each for each in letters if not unicodedata.combining(each))
