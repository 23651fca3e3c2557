"""What is known of arXiv: how it is asked, and what its three kinds of answers say.

Its collector and its normalizer are put together from here. Search walks (`search`), harvests
(`harvest`) and daily lists (`daily`) ask; Atom entries (`entries`), OAI records (`records`) and
RSS items (`announcements`) are read; `fitting` holds the three together.
"""
