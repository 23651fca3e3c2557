"""Everything that helps to find out what is wrong, in one file, without what is nobody's business.

Known secrets are taken out in every form, and so are e-mail addresses and the name of the home
folder. Nothing that was collected is in it.
"""

import json
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from stoma.app import App
from stoma.doctor.examination import Result
from stoma.doctor.findings import Ground
from stoma.exceptions import ConflictError, StomaError, UsageError
from stoma.operations.metrics import metrics_page
from stoma.operations.service import target
from stoma.operations.settings import list_settings
from stoma.redaction import redacted
from stoma.service.standing import look as look_at_units
from stoma.service.units import SCHEDULER
from stoma.storage.read import Reader, reading
from stoma.text import safe
from stoma.version import __version__

#: So much of the end of a log is of use.
_LOG_BYTES: Final = 200_000
#: So many of the newest runs that failed.
_FAILED: Final = 10
_LINES: Final = 1000
_E_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")

_ABOUT = f"""\
Made by stoma {__version__}: `stoma doctor --bundle`. Look it through before you give it away.
Secrets that stoma knows, e-mail addresses and the name of the home folder are left out; nothing
that was collected is in it. Names of tasks, addresses of sources and errors are.
"""


def write_bundle(path: Path, results: Iterable[Result], ground: Ground) -> list[str]:
    """Write a bundle to *path*, and return the names of what is in it.

    Raises:
        ConflictError: There is such a file already.
        UsageError: It can not be written.
    """
    if ground.loaded is not None:
        App(ground.loaded, clock=ground.clock).close()  # learns every secret there is
    parts = list(_parts(results, ground))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with (
            os.fdopen(descriptor, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for name, text in parts:
                archive.writestr(name, clean(text))
    except FileExistsError:
        raise ConflictError(f"{path} exists already", hint="name another file") from None
    except OSError as error:
        raise UsageError(f"{path} can not be written: {error.strerror}") from error
    return [name for name, _ in parts]


def clean(text: str) -> str:
    """Return *text* without known secrets, e-mail addresses, and the name of the home folder."""
    text = _E_MAIL.sub("[e-mail]", redacted(text))
    home = str(Path("~").expanduser())
    if home not in {"/", "~"}:
        text = text.replace(f"{home}/", "~/")
    return safe(text, lines=True)


def _parts(results: Iterable[Result], ground: Ground) -> Iterator[tuple[str, str]]:
    yield "README.txt", _ABOUT
    yield "doctor.json", _json([asdict(each) for each in results])
    if ground.loaded is not None:
        yield "settings.json", _json([asdict(each) for each in list_settings(ground.loaded)])
    try:
        with reading(ground.paths.database) as reader:
            yield "metrics.txt", metrics_page(reader, ground.clock.now())
            if reader is not None:
                yield from _runs(reader)
    except StomaError as error:
        yield "registry-error.txt", f"{error}\n{error.hint}\n"
    yield from _units(ground)
    yield from _logs(ground)


def _runs(reader: Reader) -> Iterator[tuple[str, str]]:
    """Yield the tasks, and what the newest runs that failed had to say."""
    tasks = [
        {
            "id": task.id,
            "type": task.type,
            "schedule": task.schedule,
            "enabled": task.enabled,
            "next_at": str(task.next_at),
            "recent": list(task.strip),
        }
        for task in reader.tasks()
    ]
    yield "tasks.json", _json(tasks)
    for run in reader.history(outcomes=("failed", "dead", "timed_out"), limit=_FAILED):
        yield f"runs/{run.id}.json", _json(asdict(run))
        if run.log_path and (text := _tail(Path(run.log_path))):
            yield f"runs/{run.id}.log", text


def _units(ground: Ground) -> Iterator[tuple[str, str]]:
    for user in (False, True):
        where = target(user=user)
        for each in look_at_units(where, ask=ground.ask):
            if each.installed:
                yield f"units/{'user/' if user else ''}{each.name}", _tail(each.path)
    for folder in (target().at(target().units / f"{SCHEDULER}.d"),):
        for path in sorted(folder.glob("*.conf")) if folder.is_dir() else ():
            yield f"units/{folder.name}/{path.name}", _tail(path)


def _logs(ground: Ground) -> Iterator[tuple[str, str]]:
    own = ground.paths.logs_dir / "bugs.log"
    files = {"bugs.log": own}
    if ground.loaded is not None and ground.loaded.settings.logging.file:
        files["scheduler.log"] = Path(ground.loaded.settings.logging.file).expanduser()
    for name, path in files.items():
        if text := _tail(path):
            yield name, text
    said = ground.ask(["journalctl", "-u", SCHEDULER, "-n", str(_LINES), "--no-pager"])
    if said:
        yield "journal.txt", said


def _tail(path: Path) -> str:
    """Return the end of a file; nothing if it can not be read."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _LOG_BYTES))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _json(value: object) -> str:
    return json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n"
