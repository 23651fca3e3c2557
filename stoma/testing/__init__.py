"""Tests for collectors and normalizers of your own: contracts, and a source that only pretends.

    from stoma.testing import CollectorContract, PlayedSource

    class TestMyCollector(CollectorContract):
        collector = MyCollector

        def source(self) -> PlayedSource:
            return PlayedSource("https://example.org").answer("/feed", page)

pytest runs each promise as a test of its own; `check(TestMyCollector)` does so without it. No
connection is opened, and nothing waits for time to pass.
"""

from stoma.testing.collectors import CollectorContract
from stoma.testing.faults import FAULTS, Fault
from stoma.testing.normalizers import NormalizerContract
from stoma.testing.played import PlayedClock, PlayedSource, Said
from stoma.testing.promises import check

__all__ = [
    "FAULTS",
    "CollectorContract",
    "Fault",
    "NormalizerContract",
    "PlayedClock",
    "PlayedSource",
    "Said",
    "check",
]
