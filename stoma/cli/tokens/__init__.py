"""`stoma tokens`: what programs show instead of a password."""

from stoma.cli.lazy import group

GROUP = group(
    "tokens",
    "What programs show to the REST API instead of a password.",
    {
        "create": "stoma.cli.tokens.create_token:create_token",
        "list": "stoma.cli.tokens.list_tokens:list_tokens",
        "revoke": "stoma.cli.tokens.revoke_token:revoke_token",
    },
)
