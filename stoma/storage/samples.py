"""What instances use: one row per heartbeat."""

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from stoma.storage.tables import SAMPLES
from stoma.usage import Sample


def add_sample_in(connection: Connection, instance_id: str, sample: Sample) -> None:
    """Keep what an instance uses, in the caller's transaction."""
    used = sample.resources
    values = {
        "instance_id": instance_id,
        "at": sample.at,
        "cpu_seconds": used.cpu_seconds,
        "cpu_percent": sample.cpu_percent,
        "memory_bytes": used.memory_bytes,
        "open_files": used.open_files,
        "load": used.load,
        "cores": used.cores,
        "disk_free_bytes": used.disk_free_bytes,
        "blocked": sample.blocked,
    }
    # After a step back of the clock the same moment may come twice: the newer one counts.
    statement = insert(SAMPLES).values(values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["instance_id", "at"], set_=values)
    )
