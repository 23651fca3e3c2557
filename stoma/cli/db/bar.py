"""How far a copy has come: a bar on stderr, for whoever waits in front of a terminal."""

from stoma.cli.progress import CollectingBar


class CopyBar(CollectingBar):
    """A bar of pages that appears when the copy takes more than a moment; use it in a `with`."""

    def pages(self, done: int, pages: int) -> None:
        """Take note of how many pages are copied."""
        with self._lock:
            self._done, self._expected = done, pages
            self._update()
