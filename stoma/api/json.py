"""JSON as the API writes it: what `--json` prints, byte for byte harmless to a terminal."""

import json
import re
from typing import Any

from starlette.responses import Response

# What JSON lets stand in a text and a terminal might obey; see `stoma.text`.
_OBEYED = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def dumps(value: object) -> str:
    """Return *value* as one line of JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _OBEYED.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


class JsonResponse(Response):
    """An answer in JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the bytes of an answer."""
        # A lone surrogate is no text that can be sent.
        return dumps(content).encode("utf-8", "backslashreplace") + b"\n"
