"""What pages are made of besides HTML: read once, compressed once, cached for ever by its hash."""

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

STATIC = Path(__file__).parents[1] / "static"

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
#: What every page needs comes in one piece: a browser never shows a page with half of its style.
BUNDLES: Mapping[str, Sequence[str]] = {
    "all.css": ("vendor/pico.min.css", "stoma.css"),
    "all.js": ("vendor/htmx.min.js", "stoma.js"),
    # In a file of its own an extension may come after htmx has begun, and would not be used.
    "follow.js": ("vendor/htmx.min.js", "vendor/hx-sse.min.js", "stoma.js"),
}
_FOREVER = "public, max-age=31536000, immutable"
_CHECKED = "public, max-age=0, must-revalidate"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    media_type: str
    body: bytes
    packed: bytes
    tag: str  #: the beginning of its hash


@cache
def assets() -> Mapping[str, Asset]:
    """Return every file that is served, by its path below `/static/`."""
    paths = sorted(path for path in STATIC.rglob("*") if path.suffix in _TYPES)
    found = {path.relative_to(STATIC).as_posix(): _asset([path]) for path in paths}
    bundles = {name: _asset([STATIC / part for part in parts]) for name, parts in BUNDLES.items()}
    return found | bundles


def address(name: str) -> str:
    """Return the path of a file below the application, with its hash: it may be kept for ever."""
    return f"/static/{name}?v={assets()[name].tag}"


class Assets:
    """Serves the files, and nothing else that is in their folder. An ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        root = scope.get("root_path", "")
        found = assets().get(scope["path"].removeprefix(root).removeprefix("/"))
        if found is None:
            raise HTTPException(404)
        await _answer(found, scope)(scope, receive, send)


def _answer(asset: Asset, scope: Scope) -> Response:
    given = Headers(scope=scope)
    current = f"v={asset.tag}".encode() == scope["query_string"]
    headers = {
        "ETag": f'"{asset.tag}"',
        "Cache-Control": _FOREVER if current else _CHECKED,
        "Vary": "Accept-Encoding",
    }
    if given.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    body = asset.body
    if "gzip" in given.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = asset.packed, "gzip"
    return Response(body, headers=headers, media_type=asset.media_type)


def _asset(paths: Sequence[Path]) -> Asset:
    body = b"\n".join(path.read_bytes() for path in paths)
    return Asset(
        media_type=_TYPES[paths[0].suffix],
        body=body,
        packed=gzip.compress(body, 9, mtime=0),
        tag=hashlib.sha256(body).hexdigest()[:16],
    )
