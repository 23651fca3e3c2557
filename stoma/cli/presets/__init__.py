"""`stoma presets`: bundles of tasks as files."""

from stoma.cli.lazy import group

GROUP = group(
    "presets",
    "Bundles of tasks as TOML files: the built-in ones and your own.",
    {
        "list": "stoma.cli.presets.list_presets:list_presets",
        "show": "stoma.cli.presets.show_preset:show_preset",
        "validate": "stoma.cli.presets.validate_files:validate_files",
        "export": "stoma.cli.presets.export_preset:export_preset",
    },
)
