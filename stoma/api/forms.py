"""What a form sends: names and texts, without a parser of multipart bodies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.requests import Request

_MOST_FIELDS = 1000


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form; every one may come several times."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """Return a field's text, without space around it."""
        return self.fields.get(name, [default])[0].strip()

    def all(self, name: str) -> list[str]:
        """Return all texts of a field."""
        return [text.strip() for text in self.fields.get(name, ())]

    def has(self, name: str) -> bool:
        """Return whether a field was sent: a box is checked, a button was pressed."""
        return name in self.fields


async def form_of(request: Request) -> Form:
    """Return the form that a request carries; an empty one if it is none."""
    if request.method != "POST":
        return Form()
    body = await request.body()
    try:
        return Form(parse_qs(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:  # no UTF-8, or more fields than any form of ours has
        return Form()
