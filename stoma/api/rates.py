"""How often somebody may do something: a bucket each, that fills again with time."""

import threading
from collections import OrderedDict
from math import ceil

from stoma.clock import Clock

#: So many who were seen last are remembered.
_MOST = 10_000


class Rate:
    """So many per minute, for each of many; all of them at once, after a quiet minute."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        #: Who -> what is left, and when that was so.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, count: int = 1) -> int:
        """Take *count* of what *who* may; return 0, or in how many seconds there is enough."""
        if not self._per_minute:
            return 0
        now = self._clock.monotonic()
        with self._lock:
            left = self._now(who, now)
            # More than the bucket holds goes when it is full, and is owed.
            if left < min(count, self._per_minute):
                return max(1, ceil((min(count, self._per_minute) - left) * 60 / self._per_minute))
            self._left[who] = (left - count, now)
            self._left.move_to_end(who)
            while len(self._left) > _MOST:
                self._left.popitem(last=False)
            return 0

    def full(self, who: str) -> int:
        """Return 0 if *who* may once more, or in how many seconds they may. Takes nothing."""
        if not self._per_minute:
            return 0
        with self._lock:
            left = self._now(who, self._clock.monotonic())
        return 0 if left >= 1 else max(1, ceil((1 - left) * 60 / self._per_minute))

    def _now(self, who: str, now: float) -> float:
        left, at = self._left.get(who, (float(self._per_minute), now))
        return min(self._per_minute, left + (now - at) * self._per_minute / 60)
