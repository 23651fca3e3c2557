"""A raw answer, as it came: byte for byte for a program, harmless for a terminal."""

import sys

from stoma.cli.streams import note, put, put_bytes
from stoma.cli.times import Times
from stoma.domain.item import RawAnswer
from stoma.storage.item_lines import VersionLine
from stoma.text import safe


def print_raw(version: VersionLine, answer: RawAnswer, times: Times) -> None:
    """Print the body to stdout; on stderr where it came from."""
    note(f"version {version.number}, run {version.run_id}, {times.at(answer.fetched_at)}")
    note(f"GET {answer.url}: HTTP {answer.status}, {answer.media_type}")
    note(f"sha256 {answer.sha256}")
    if sys.stdout.isatty():
        put(safe(answer.body.decode(errors="replace"), lines=True))
    else:
        put_bytes(answer.body)
