"""`stoma items`: what was collected."""

from stoma.cli.lazy import group

GROUP = group(
    "items",
    "What was collected: papers, repositories and filings.",
    {
        "list": "stoma.cli.items.list_items:list_items",
        "search": "stoma.cli.items.search_items:search_items",
        "show": "stoma.cli.items.show_item:show_item",
    },
)
