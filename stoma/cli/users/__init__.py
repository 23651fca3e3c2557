"""`stoma users`: who may use the web."""

from stoma.cli.lazy import group

GROUP = group(
    "users",
    "Who may use the dashboard and the REST API with a password.",
    {
        "add": "stoma.cli.users.add_user:add_user",
        "list": "stoma.cli.users.list_users:list_users",
        "passwd": "stoma.cli.users.change_password:change_password",
        "remove": "stoma.cli.users.remove_user:remove_user",
    },
)
