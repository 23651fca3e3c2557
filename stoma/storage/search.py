"""Full-text search in SQLite (FTS5): its table, its triggers, and how user text becomes a query.

SQLite only; PostgreSQL gets a module of its own behind the same functions.
"""

import re

#: Run once when the registry is created. External content: the text itself stays in `items`.
CREATE = (
    """
    CREATE VIRTUAL TABLE items_fts USING fts5(
        title, summary, contributors_text, tags_text,
        content='items', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
    )
    """,
    """
    CREATE TRIGGER items_fts_insert AFTER INSERT ON items BEGIN
        INSERT INTO items_fts(rowid, title, summary, contributors_text, tags_text)
        VALUES (new.id, new.title, new.summary, new.contributors_text, new.tags_text);
    END
    """,
    """
    CREATE TRIGGER items_fts_delete AFTER DELETE ON items BEGIN
        INSERT INTO items_fts(items_fts, rowid, title, summary, contributors_text, tags_text)
        VALUES ('delete', old.id, old.title, old.summary, old.contributors_text, old.tags_text);
    END
    """,
    # Only when a searched column changes: an item seen again costs no index work.
    """
    CREATE TRIGGER items_fts_update
    AFTER UPDATE OF title, summary, contributors_text, tags_text ON items BEGIN
        INSERT INTO items_fts(items_fts, rowid, title, summary, contributors_text, tags_text)
        VALUES ('delete', old.id, old.title, old.summary, old.contributors_text, old.tags_text);
        INSERT INTO items_fts(rowid, title, summary, contributors_text, tags_text)
        VALUES (new.id, new.title, new.summary, new.contributors_text, new.tags_text);
    END
    """,
)

#: So many matches are ranked, the newest, and as many that match in their titles alone.
CANDIDATES = 200

_PHRASE = re.compile(r'"([^"]+)"|(\S+)')


def search_terms(text: str) -> list[str]:
    """Return the words and "quoted phrases" of *text*; a trailing `*` of a word is kept.

    What has neither letter nor digit is left out.
    """
    terms = []
    for phrase, word in _PHRASE.findall(text):
        term = (phrase or word).replace('"', " ").strip()
        prefix = "*" if not phrase and term.endswith("*") else ""
        if any(character.isalnum() for character in term):
            terms.append(f"{term.rstrip('*')}{prefix}")
    return terms


def match_expression(text: str) -> str | None:
    """Return *text* as an FTS5 query: all words must occur; "quoted words" as a phrase.

    A word's own punctuation (`C++`, `10-K`, `O'Reilly`, a lone `"`) never reaches the query
    syntax. A trailing `*` asks for words that begin so. None if nothing is left to look for.
    """
    quoted = (f'"{term.rstrip("*")}"{"*" * term.endswith("*")}' for term in search_terms(text))
    return " ".join(quoted) or None
