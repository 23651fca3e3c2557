#!/usr/bin/env python
"""How heavy the first page is, and how soon it is painted, in real Chromium. Prints JSON.

    scripts/bench/paint.py [--runs 9]

A registry of three weeks is made in a folder of its own. What is counted: bytes as they come over
the connection, headers included, with nothing cached; the browser's own `first-contentful-paint`.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from stoma.app import open_app
from stoma.settings import load_settings
from tests.browser.serving import serving
from tests.demo import NOW, Demo
from tests.fakes import FakeClock

_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def measure_paint(address: str, *, runs: int = 9) -> dict[str, object]:
    """Return the weight of the page at *address*, and when it was painted; no figures without
    Chromium.

    Args:
        address: Of a site that serves.
        runs: So often it is loaded, each time by a browser that knows nothing.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return {"skipped": "no Chromium on this machine"}
    from playwright.sync_api import sync_playwright

    paints, loads, weights = [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(runs):
            context = browser.new_context()
            page = context.new_page()
            session = context.new_cdp_session(page)
            session.send("Network.enable")
            received: dict[str, float] = {}
            session.on(
                "Network.loadingFinished",
                lambda event, into=received: into.update(
                    {event["requestId"]: event["encodedDataLength"]}
                ),
            )
            page.goto(address, wait_until="networkidle")
            paints.append(page.evaluate(_PAINT))
            loads.append(
                page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
            )
            weights.append((sum(received.values()), len(received)))
            context.close()
        browser.close()
    return {
        "runs": runs,
        "bytes": int(max(weight for weight, _ in weights)),
        "requests": max(count for _, count in weights),
        "first_contentful_paint_ms": round(statistics.median(paints), 1),
        "first_contentful_paint_ms_worst": round(max(paints), 1),
        "load_ms": round(statistics.median(loads), 1),
    }


def main() -> None:
    """Measure the overview of a registry of three weeks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_settings(home=Path(folder), environ={})
        with open_app(loaded, clock=FakeClock(NOW)) as app:
            Demo(app).fill()
        with serving(loaded, FakeClock(NOW)) as address:
            print(json.dumps(measure_paint(f"{address}/", runs=options.runs), indent=2))


if __name__ == "__main__":
    main()
