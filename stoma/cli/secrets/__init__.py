"""`stoma secrets`: which there are, never what they are."""

from stoma.cli.lazy import group

GROUP = group(
    "secrets",
    "Secrets that settings and tasks refer to, and where they are.",
    {"list": "stoma.cli.secrets.list_secrets:list_secrets"},
)
