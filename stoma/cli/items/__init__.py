"""`stoma items`: what was collected."""

from stoma.cli.lazy import group

GROUP = group(
    "items",
    "What was collected: papers, repositories and filings.",
    {
        "list": "stoma.cli.items.list_items:list_items",
        "search": "stoma.cli.items.search_items:search_items",
        "show": "stoma.cli.items.show_item:show_item",
        "diff": "stoma.cli.items.diff_item:diff_item",
        "export": "stoma.cli.items.export_items:export_items",
        "watch": "stoma.cli.items.watch_items:watch_items",
        "stats": "stoma.cli.items.count_items:count_items",
        "coverage": "stoma.cli.items.show_coverage:show_coverage",
        "reparse": "stoma.cli.items.reparse_items:reparse_items",
        "prune": "stoma.cli.items.prune_items:prune_items",
    },
)
