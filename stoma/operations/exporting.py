"""Writing what was collected for other programs. Light, but for what a form needs itself."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from stoma.exceptions import ConflictError, StomaError, UsageError
from stoma.export import Form
from stoma.operations.items import check_filter
from stoma.storage.item_lines import ItemFilter, ItemRecord
from stoma.storage.read import Reader


@dataclass(slots=True)
class Exported:
    """What an export has written so far."""

    items: int = 0
    left_out: int = 0  #: that the form has no place for
    bytes: int = 0


def export_items(
    reader: Reader | None,
    wanted: ItemFilter,
    form: Form,
    write: Callable[[bytes], object],
    *,
    limit: int | None = None,
) -> Exported:
    """Write the items that fit, in the order in which they were collected, piece by piece.

    Args:
        reader: The registry; None if there is none yet.
        wanted: Which items.
        form: How they are written.
        write: Takes the pieces.
        limit: At most so many of those that the form has a place for.

    Raises:
        NotFoundError: The filter names a task that never was.
        UsageError: A library that the form needs is not installed.
    """
    check_filter(reader, wanted)
    done = Exported()

    def fitting() -> Iterator[ItemRecord]:
        for record in reader.items.records(wanted) if reader else ():
            if form.kinds and record.line.kind not in form.kinds:
                done.left_out += 1
                continue
            done.items += 1
            yield record

    chosen: Iterable[ItemRecord] = fitting() if limit is None else islice(fitting(), limit)
    for piece in form.make(chosen):
        write(piece)
        done.bytes += len(piece)
    return done


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[Callable[[bytes], object]]:
    """Write a file that is there whole at the end, or not at all.

    Raises:
        ConflictError: There is such a file already, and *force* was not given.
        UsageError: There can not be such a file.
        StomaError: It can not be written.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="name the file that is to be written")
    if path.exists() and not force:
        raise ConflictError(f"{path} exists already", hint="to replace it: --force")
    made = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}")
    try:
        with made.open("xb") as file:
            yield file.write
        made.replace(path)
    except OSError as error:
        raise StomaError(f"{path} can not be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            made.unlink()
