"""Full-text search in SQLite (FTS5): its table, its triggers, and how user text becomes a query.

SQLite only; PostgreSQL gets a module of its own behind the same functions.
"""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing

from stoma.storage.ranking import WEIGHTS

#: What frames a hit in a snippet; control characters that no stored text can hold.
HIT_START, HIT_END = "\x02", "\x03"

_COLUMNS = "title, summary, contributors_text, tags_text"
_TOKENS = "tokenize='unicode61 remove_diacritics 2'"
#: Run once when the registry is created. External content: the text itself stays in `items`.
CREATE = (
    f"""
    CREATE VIRTUAL TABLE items_fts USING fts5(
        {_COLUMNS}, content='items', content_rowid='id', {_TOKENS}
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
#: Of more words that begin alike, all that they are in is gathered: listing them takes as long.
MOST_WORDS = 2000

# Every place of every word, without a table of its own; `temp` is nobody else's.
_VOCABULARY = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.items_words USING fts5vocab(main, items_fts, instance)"
)
# A seek for each word: to go through its places would take as long as to gather them.
_WORDS = """
    WITH RECURSIVE found(word) AS (
        SELECT (SELECT term FROM items_words WHERE term >= :begin AND term < :end LIMIT 1)
        UNION ALL
        SELECT (
            SELECT term FROM items_words WHERE term >= word || char(1) AND term < :end LIMIT 1
        ) FROM found WHERE word IS NOT NULL
    )
    SELECT word FROM found WHERE word IS NOT NULL LIMIT :most
"""
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
    return " ".join(map(_quoted, search_terms(text))) or None


def spelled_out(connection: sqlite3.Connection, text: str) -> str | None:
    """Return what `match_expression` does, with the words of the index in place of beginnings.

    For `begin*` FTS5 first gathers all that it finds, however many are wanted; words it follows
    from one match to the next.
    """
    terms = search_terms(text)
    words = {term: _words(connection, term) for term in terms if term.endswith("*")}
    known = {term: found for term, found in words.items() if found}
    parts = [" ".join(_quoted(term) for term in terms if term not in known)]
    parts += [f"({' OR '.join(map(_quoted, found))})" for found in known.values()]
    return " AND ".join(filter(None, parts)) or None


def snippets(match: str, texts: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """Return what surrounds the hits in each of *texts*, given in the order of `WEIGHTS`.

    By an index of these texts alone: the registry's would be searched anew for each of them.
    """
    with closing(sqlite3.connect(":memory:")) as scratch:
        scratch.execute(f"CREATE VIRTUAL TABLE shown USING fts5({_COLUMNS}, {_TOKENS})")
        scratch.executemany(
            f"INSERT INTO shown (rowid, {', '.join(WEIGHTS)}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608
            [(key, *columns) for key, columns in texts.items()],
        )
        found = "SELECT rowid, snippet(shown, -1, ?, ?, '…', 16) FROM shown WHERE shown MATCH ?"
        return dict(scratch.execute(found, (HIT_START, HIT_END, match)))


def _quoted(term: str) -> str:
    return f'"{term.rstrip("*")}"{"*" * term.endswith("*")}'


def _words(connection: sqlite3.Connection, term: str) -> list[str]:
    """Return the words of the index that begin as *term* does; none if they are too many.

    Only of a beginning in ASCII: what the index makes of other letters, SQLite knows best.
    """
    begin = term.rstrip("*").lower()
    if not (begin.isascii() and begin.isalnum()):
        return []
    connection.execute(_VOCABULARY)
    values = {"begin": begin, "end": begin[:-1] + chr(ord(begin[-1]) + 1), "most": MOST_WORDS + 1}
    words = [row[0] for row in connection.execute(_WORDS, values)]
    return words if len(words) <= MOST_WORDS else []
