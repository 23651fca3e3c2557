"""`stoma service`: the scheduler and the web part, kept at work by systemd."""

from stoma.cli.lazy import group

GROUP = group(
    "service",
    "The scheduler and the web part as services of this machine.",
    {
        "install": "stoma.cli.service.install:install",
        "uninstall": "stoma.cli.service.uninstall:uninstall",
        "status": "stoma.cli.service.status:status",
        "print": "stoma.cli.service.print_units:print_units",
        "report-failure": "stoma.cli.service.report_failure:report_failure",
    },
)
