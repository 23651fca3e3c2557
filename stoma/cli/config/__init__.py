"""`stoma config`: the settings in force."""

from stoma.cli.lazy import group

GROUP = group(
    "config",
    "The settings in force, and which place said so.",
    {
        "show": "stoma.cli.config.show_settings:show_settings",
        "get": "stoma.cli.config.get_setting:get_setting",
        "set": "stoma.cli.config.set_setting:set_setting",
        "unset": "stoma.cli.config.unset_setting:unset_setting",
        "path": "stoma.cli.config.show_path:show_path",
        "validate": "stoma.cli.config.validate_settings:validate_settings",
    },
)
