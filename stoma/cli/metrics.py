"""`stoma metrics`."""

import typer

from stoma.cli.session import session
from stoma.cli.streams import put
from stoma.operations.metrics import metrics_page


def metrics(context: typer.Context) -> None:
    """Print figures for Prometheus.

    For the text files of its node exporter; the web part has the same at /metrics. What each
    means: docs/reference/metrics.md.
    """
    current = session(context)
    with current.reader() as reader:
        put(metrics_page(reader, current.clock.now()))
