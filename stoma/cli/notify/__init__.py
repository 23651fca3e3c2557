"""`stoma notify`: who is told of what."""

from stoma.cli.lazy import group

GROUP = group(
    "notify",
    "Notices of failures, of silence, and of what was collected.",
    {
        "test": "stoma.cli.notify.try_channels:try_channels",
        "list": "stoma.cli.notify.list_notices:list_notices",
        "flush": "stoma.cli.notify.flush_notices:flush_notices",
        "retry": "stoma.cli.notify.retry_notices:retry_notices",
        "digest": "stoma.cli.notify.digest:digest",
    },
)
