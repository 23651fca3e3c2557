r"""Texts of a source as LaTeX that says the same and does nothing else.

Titles hold TeX of their own. Formulas stay formulas if every command in them only shows something;
all else is taken for plain text, so that no title makes the reader's document read a file.
"""

import re
import unicodedata
from collections.abc import Iterator

from stoma.tex import in_unicode

_ESCAPES = {
    "\\": r"\textbackslash{}",
    # As commands: BibTeX counts braces, also those with a backslash.
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "$&%#_"},
}
_GREEK = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
#: Commands that show something and can do nothing else.
_SHOWING = frozenset(
    f"""{_GREEK} varepsilon vartheta varpi varrho varsigma varphi
    mathcal mathbb mathrm mathbf mathfrak mathsf mathit mathscr boldsymbol bm rm bf it cal text
    textrm textit textbf textsc operatorname mathop frac tfrac dfrac sqrt binom left right big Big
    hat bar tilde vec dot ddot check breve widehat widetilde overline underline overset underset
    sim simeq approx cong equiv propto neq ne le leq ge geq ll gg lesssim gtrsim lt gt in notin ni
    subset subseteq supset supseteq cup cap setminus emptyset forall exists neg land lor to mapsto
    rightarrow leftarrow leftrightarrow Rightarrow Leftarrow Leftrightarrow longrightarrow
    hookrightarrow uparrow downarrow times cdot cdots ldots dots pm mp div ast star circ bullet
    oplus otimes ominus odot wedge vee dagger ddagger prime partial nabla infty ell hbar Re Im
    aleph sum prod int oint lim sup inf max min log ln exp sin cos tan det dim ker deg gcd hom
    langle rangle lfloor rfloor lceil rceil mid parallel perp angle triangle square Box quad qquad
    imath jmath wp not mod bmod pmod sharp flat natural""".split()
)
# As pandoc does it: a sum in dollars is no formula.
_MATH = re.compile(r"(?<!\\)\$(?!\s)([^$]+)(?<![\\\s])\$(?!\d)")
_COMMAND = re.compile(r"\\([A-Za-z]+|.)", re.DOTALL)
#: One-character commands: spaces, and signs that are written with a backslash.
_SIGNS = frozenset(r",;:!\ {}%&_#|")
_WORDS = re.compile(r"\S+")


def latex(text: str, *, keep_case: bool = False) -> str:
    """Return *text* for a field of BibTeX: braces balanced, signs written out.

    Args:
        text: What a source says, in Unicode or TeX.
        keep_case: Protect words such as `BERT` from styles that write titles small.
    """
    plain = " ".join(text.split())
    return "".join(_segments(plain, keep_case=keep_case))


def _segments(text: str, *, keep_case: bool) -> Iterator[str]:
    place = 0
    for match in _MATH.finditer(text):
        if _only_shows(match[1]):
            yield _words(text[place : match.start()], keep_case=keep_case)
            formula = f"${_ascii_math(match[1])}$"
            yield f"{{{formula}}}" if keep_case else formula
            place = match.end()
    yield _words(text[place:], keep_case=keep_case)


def _only_shows(formula: str) -> bool:
    depth = 0
    for sign in formula:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    commands = _COMMAND.findall(formula)
    braces = any(each in "{}" for each in commands)  # `\{`: BibTeX would count it
    safe = all(each in _SHOWING or each in _SIGNS for each in commands)
    hidden = "^^" in formula or any(sign in formula for sign in "%#~")
    return depth == 0 and safe and not braces and not hidden


def _ascii_math(formula: str) -> str:
    """Return a formula with Greek letters as commands: fonts of formulas have no other."""
    return "".join(_LETTERS.get(each, each) for each in formula)


def _letters() -> Iterator[tuple[str, str]]:
    for name in _GREEK.split():
        case = "SMALL" if name.islower() else "CAPITAL"
        spelled = name.upper().replace("LAMBDA", "LAMDA")
        yield unicodedata.lookup(f"GREEK {case} LETTER {spelled}"), f"\\{name} "


_LETTERS = dict(_letters())


def _words(text: str, *, keep_case: bool) -> str:
    plain = in_unicode(text)
    if not keep_case:
        return _escaped(plain)
    return _WORDS.sub(lambda match: _protected(match[0]), plain)


def _protected(word: str) -> str:
    escaped = _escaped(word)
    return f"{{{escaped}}}" if any(each.isupper() for each in word[1:]) else escaped


def _escaped(text: str) -> str:
    shown = (each for each in text if each >= " " and each != "\x7f")
    return "".join(_ESCAPES.get(each, each) for each in shown)
