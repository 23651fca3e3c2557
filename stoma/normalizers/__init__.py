"""Normalizers: raw answers to items. No I/O."""

from stoma.normalizers.base import BaseNormalizer
from stoma.registry import Registry

NORMALIZERS: Registry[BaseNormalizer] = Registry(
    "normalizer",
    {
        "arxiv": "stoma.normalizers.arxiv:ArxivNormalizer",
        "github": "stoma.normalizers.github:GithubNormalizer",
        "sec_edgar": "stoma.normalizers.sec_edgar:SecEdgarNormalizer",
    },
    group="stoma.normalizers",
    base=BaseNormalizer,
)
