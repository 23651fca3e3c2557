"""What holds for the scheduler as a whole: small facts under a name."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from stoma.domain.task import Json
from stoma.storage.database import Database
from stoma.storage.tables import STATE


class StateStore:
    """The facts of one registry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> Json:
        """Return the fact *key*; None if it is not set."""
        with self._database.read() as connection:
            found: Json = connection.scalar(select(STATE.c.value).where(STATE.c.key == key))
        return found

    def beginning(self, start: str) -> dict[str, Json]:
        """Return the facts whose key begins with *start*, by what comes behind that."""
        query = select(STATE.c.key, STATE.c.value).where(STATE.c.key.startswith(start))
        with self._database.read() as connection:
            return {row.key.removeprefix(start): row.value for row in connection.execute(query)}

    def set(self, key: str, value: Json, *, now: datetime) -> None:
        """Set the fact *key*; None takes it away."""
        values = {"key": key, "value": value, "set_at": now}
        with self._database.write() as connection:
            if value is None:
                connection.execute(delete(STATE).where(STATE.c.key == key))
                return
            statement = insert(STATE).values(values)
            connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=values))
