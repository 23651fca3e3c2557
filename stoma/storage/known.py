"""What is known of things before an answer about them is stored."""

from collections.abc import Sequence

from sqlalchemy import select

from stoma.domain.item import Item
from stoma.storage.database import Database
from stoma.storage.item_rows import known_item
from stoma.storage.item_tables import ITEM_VERSIONS, ITEMS


class KnownItems:
    """The items of one registry, as their newest versions have them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, items: Sequence[Item]) -> dict[tuple[str, str], Item]:
        """Return what is known of the things that *items* are about, by source and natural id."""
        columns = (ITEMS.c.source, ITEMS.c.kind, ITEMS.c.natural_id, ITEMS.c.version_seq)
        newest = (ITEM_VERSIONS.c.item_id == ITEMS.c.id) & (
            ITEM_VERSIONS.c.content_hash == ITEMS.c.content_hash
        )
        query = select(*columns, ITEM_VERSIONS.c.content).join(ITEM_VERSIONS, newest)
        found: dict[tuple[str, str], Item] = {}
        with self._database.read() as connection:
            for source in {item.source for item in items}:
                names = [item.natural_id for item in items if item.source == source]
                about = query.where(ITEMS.c.source == source, ITEMS.c.natural_id.in_(names))
                for row in connection.execute(about):
                    found[row.source, row.natural_id] = known_item(row, row.content)
        return found
