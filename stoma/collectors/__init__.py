"""Collectors: fetch raw answers from a source. They know the network, not the database."""

from stoma.collectors.base import BaseCollector
from stoma.registry import Registry

COLLECTORS: Registry[BaseCollector] = Registry(
    "collector",
    {
        "arxiv": "stoma.collectors.arxiv:ArxivCollector",
        "github": "stoma.collectors.github:GithubCollector",
        "sec_edgar": "stoma.collectors.sec_edgar:SecEdgarCollector",
    },
    group="stoma.collectors",
    base=BaseCollector,
)
