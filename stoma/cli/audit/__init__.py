"""`stoma audit`: who changed what."""

from stoma.cli.lazy import group

GROUP = group(
    "audit",
    "Who changed what, and proof that the log of it is whole.",
    {
        "list": "stoma.cli.audit.list_entries:list_entries",
        "verify": "stoma.cli.audit.verify_log:verify_log",
        "export": "stoma.cli.audit.export_entries:export_entries",
    },
)
