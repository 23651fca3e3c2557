"""The names of programming languages, as the search and the trending page want them."""

#: Names people use, lower case, and the display names GitHub gives the same languages.
_ALIASES = {
    "c-sharp": "C#",
    "cpp": "C++",
    "csharp": "C#",
    "f-sharp": "F#",
    "fsharp": "F#",
    "golang": "Go",
    "js": "JavaScript",
    "objc": "Objective-C",
    "ts": "TypeScript",
}


def display_name(language: str) -> str:
    """Return *language* as a search qualifier wants it: a name such as `C++` or `Jupyter Notebook`.

    GitHub does not care about upper and lower case. The hyphens of a page's name
    (`jupyter-notebook`) stand for spaces, except in `Objective-C` and its kin.
    """
    known = _ALIASES.get(language.lower())
    if known or language.lower().startswith("objective-"):
        return known or language
    return language.replace("-", " ")


def slug(language: str) -> str:
    """Return *language* as the address of its trending page wants it, such as `c++` or `c#`."""
    return display_name(language).lower().replace(" ", "-")
