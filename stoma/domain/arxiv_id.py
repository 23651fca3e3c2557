"""The identifiers of arXiv, in all the ways they are written.

https://info.arxiv.org/help/arxiv_identifier_for_services.html
"""

import re
from dataclasses import dataclass
from typing import Self

_WRITTEN = re.compile(
    r"""
    (?: https?://(?:[a-z]+\.)?arxiv\.org/(?:abs|pdf|html)/ | (?:oai:)?arxiv(?:\.org)?: )?
    (?P<base>
        \d{4}\.\d{4,5}                                  # since April 2007
      | (?P<archive>[a-z]+(?:-[a-z]+)*)(?:\.[a-z-]+)?   # before: math.CA is filed under math
        / (?P<number>\d{7})
    )
    (?: v(?P<version>[1-9]\d{0,3}) )?
    (?: \.pdf )?
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ArxivId:
    """One paper, or one version of it.

    >>> ArxivId.parse("http://arxiv.org/abs/math.CA/0611800v2")
    ArxivId(base='math/0611800', version=2)
    """

    base: str  #: the paper: `2401.01234`, `math/0611800`
    version: int | None = None  #: None: whichever is the latest

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the identifier in *text*, or None if it is written in no known way."""
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            return None
        archive, number, version = match.group("archive", "number", "version")
        base = f"{archive.lower()}/{number}" if archive else match["base"]
        return cls(base, int(version) if version else None)

    def __str__(self) -> str:
        return self.base if self.version is None else f"{self.base}v{self.version}"
