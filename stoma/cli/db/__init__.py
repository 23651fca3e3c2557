"""`stoma db`: the registry's file."""

from stoma.cli.lazy import group

GROUP = group(
    "db",
    "The registry's file: check it, copy it, put a copy back.",
    {
        "check": "stoma.cli.db.check_registry:check_registry",
        "backup": "stoma.cli.db.back_up:back_up",
        "restore": "stoma.cli.db.restore:restore",
        "migrate": "stoma.cli.db.migrate:migrate",
        "path": "stoma.cli.db.show_path:show_path",
    },
)
