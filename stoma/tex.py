r"""TeX's way of writing letters, as Unicode: `Schr\"odinger` is `Schrödinger`.

arXiv keeps what authors typed. Some of its answers have it converted and some not; what is
converted here is what arXiv converts, so that both read the same.
"""

import re
import unicodedata

#: Accents: TeX's name of each, and the combining character of Unicode.
_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328",
    "r": "\u030a", "d": "\u0323",
}  # fmt: skip
_SMALL = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
    "sigma tau chi psi omega"
)
_CAPITAL = "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"


def _greek(names: str, case: str) -> dict[str, str]:
    # Unicode spells one of them in its own way.
    spelled = {name: name.upper().replace("LAMBDA", "LAMDA") for name in names.split()}
    return {
        name: unicodedata.lookup(f"GREEK {case} LETTER {letter}")
        for name, letter in spelled.items()
    }


_LETTERS = {
    "aa": "å", "AA": "Å", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø",
    "l": "ł", "L": "Ł", "ss": "ß", "dh": "ð", "DH": "Ð", "dj": "đ", "DJ": "Đ", "ng": "ŋ",
    "NG": "Ŋ", "th": "þ", "TH": "Þ", "i": unicodedata.lookup("LATIN SMALL LETTER DOTLESS I"),
    "P": "¶", "S": "§", "copyright": "©", "pounds": "£", "dag": "†", "ddag": "‡",
    "div": "÷", "deg": "°", "guillemotleft": "«", "guillemotright": "»",
    **_greek(_SMALL, "SMALL"), **_greek(_CAPITAL, "CAPITAL"),
    "varsigma": "ς", "varphi": "φ", "phi": "ϕ",
}  # fmt: skip
#: What arXiv leaves as it is, and a comparison must not depend on.
_VARIANTS = _greek("upsilon", "SMALL") | {
    f"var{name}": letter for name, letter in _greek("epsilon theta rho pi", "SMALL").items()
}


def _command(names: dict[str, str]) -> re.Pattern[str]:
    # `{\o}`, `\o{}`, and `\o` with the one blank that ends its name.
    words = "|".join(sorted(names, key=len, reverse=True))
    end = r"(?![A-Za-z])(?(open)\}|(?:\{\}|\\?[ ])?)"
    return re.compile(rf"(?P<open>\{{)?\\(?P<name>{words}){end}")


_NOISE = re.compile(r"[\W_]+")
_LETTER = _command(_LETTERS)
_VARIANT = _command(_VARIANTS)
# `\'e`, `\'{e}`, `\v{s}`, `{\c c}`, `\'\i`; as a whole in braces or not.
_ACCENT = re.compile(
    r"""
    (?P<open>\{)?
    \\ (?: (?P<mark>['`^"~=.]) \s*
           (?: \{ (?P<braced>\\[ij]|[A-Za-z]) \} | (?P<bare>\\[ij](?![A-Za-z])[ ]?|[A-Za-z]) )
         | (?P<word>[cvuHkrd])
           (?: \{ (?P<held>\\[ij]|[A-Za-z]) \} | \s+ (?P<next>[A-Za-z])(?=\}) )
       )
    (?(open)\})
    """,
    re.VERBOSE,
)


def in_unicode(text: str) -> str:
    r"""Return *text* with TeX's accents, letters and Greek as characters, the rest as it is.

    >>> in_unicode(r"G{\"u}nther, {\L}ukasz \v{S}afr\'anek: $\omega$ and $\frac{1}{2}$")
    'Günther, Łukasz Šafránek: $ω$ and $\\frac{1}{2}$'
    """
    if "\\" not in text:
        return text
    return _LETTER.sub(lambda match: _LETTERS[match["name"]], _ACCENT.sub(_accented, text))


def skeleton(text: str) -> str:
    """Return what is left of *text* when its spelling does not matter: letters and digits.

    Two texts with equal skeletons say the same, in TeX or Unicode, with or without accents.
    """
    plain = _VARIANT.sub(lambda match: _VARIANTS[match["name"]], in_unicode(text))
    apart = unicodedata.normalize("NFKD", plain).casefold()
    return _NOISE.sub("", apart)


def _accented(match: re.Match[str]) -> str:
    letter = match["braced"] or match["bare"] or match["held"] or match["next"]
    accent = _ACCENTS[match["mark"] or match["word"]]
    joined = unicodedata.normalize("NFC", letter.strip("\\ ") + accent)
    return joined if len(joined) == 1 else match[0]
