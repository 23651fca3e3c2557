"""GitHub's vocabulary, shared by its collector and its normalizer: answers, pages, limits."""
