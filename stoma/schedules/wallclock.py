"""When a wall-clock schedule is due: R1 and R2 of docs/reference/schedules.md, on integers."""

from bisect import bisect_right
from dataclasses import dataclass

from stoma.schedules.instants import DAY
from stoma.schedules.nominals import Nominals
from stoma.schedules.zones import zone_named


@dataclass(frozen=True, slots=True)
class WallClock:
    """Nominal times on the clock of one zone."""

    zone: str
    nominals: Nominals
    #: R2, every real minute that matches; otherwise R1, every nominal time exactly once.
    every_pass: bool = False

    def after(self, second: int) -> int | None:
        """Return the first due instant later than *second*; None when there is none."""
        return self._every_pass(second + 1) if self.every_pass else self._once_each(second)

    def count(self, after: int, until: int) -> int:
        """Return how many instants are due between, *after* excluded, *until* included."""
        if self.every_pass:
            return sum(
                self.nominals.count(start + offset, end + offset)
                for start, end, offset in zone_named(self.zone).segments(after + 1, until + 1)
            )
        return self._count_once_each(after, until) if after < until else 0

    def _once_each(self, second: int) -> int | None:
        # A nominal time is due at the first instant at which the clock shows it or is past it.
        # So all up to the latest time the clock has shown so far are over, and the first one
        # above is next: this one sentence covers gaps, folds and the second pass of a fold.
        local = self.nominals.at_or_after(self._unseen(second))
        return None if local is None else zone_named(self.zone).first(local)

    def _unseen(self, second: int) -> int:
        """Return the earliest local time that the clock has not shown by *second*."""
        span = zone_named(self.zone).span(second)
        i = bisect_right(span.starts, second) - 1
        unseen = second + span.offsets[i] + 1
        return max(unseen, span.reach[i - 1]) if i else unseen

    def _every_pass(self, second: int) -> int | None:
        zone = zone_named(self.zone)
        low, local = 0, -1
        while True:
            span = zone.span(second)
            i = bisect_right(span.starts, second) - 1
            shown = second + span.offsets[i]
            # *local* still is the next one unless the clock went back before where we looked.
            if not low <= shown <= local:
                found = self.nominals.at_or_after(shown)
                if found is None:
                    return None
                low, local = shown, found
            if local - span.offsets[i] < span.ends[i]:
                return local - span.offsets[i]
            ahead = span.ends[i] - second
            second = span.ends[i]
            # Two days on, no clock shows again what it showed here: go where *local* may be.
            if ahead >= 2 * DAY:
                second = max(second, local - 2 * DAY)

    def _count_once_each(self, after: int, until: int) -> int:
        unseen = self._unseen(after)
        total = self.nominals.count(unseen, self._unseen(until))
        for jump in zone_named(self.zone).transitions(after, until):
            # What falls into a gap collapses into the instant at its end.
            gap = max(jump.at + jump.before, unseen)
            total -= max(0, self.nominals.count(gap, jump.at + jump.after + 1) - 1)
        return total
