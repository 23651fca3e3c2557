"""The scheduler and its tasks: at work, of this version, and able to do what they are to do?"""

from collections.abc import Iterator

from stoma.collectors import COLLECTORS
from stoma.doctor.findings import Finding, Ground, note, ok, warning
from stoma.operations.status import look
from stoma.storage.read import Reader, reading
from stoma.version import __version__


def scheduler(ground: Ground) -> Iterator[Finding]:
    """See that a scheduler is at work, and well."""
    with reading(ground.paths.database) as reader:
        health = look(reader, ground.clock.now())
    line = health.overview.scheduler
    if line is None:
        yield warning("no scheduler is running", "stoma scheduler start, or the service")
        return
    if line.version != __version__:
        yield warning(
            f"the scheduler at work is stoma {line.version}, and this is {__version__}",
            "start it anew: sudo systemctl restart stoma-scheduler",
        )
    if health.pause is not None:
        yield note("the scheduler is paused", "go on: stoma scheduler resume")
    for problem in health.problems:
        yield warning(problem, _WAYS.get(problem.partition(":")[0], "stoma scheduler status"))
    if not health.problems:
        yield ok(f"process {line.instance.pid} is at work, and nothing is wrong")


_WAYS = {
    "failing": "stoma scheduler history --failed, and stoma scheduler logs TASK",
    "late": "look what the scheduler is busy with: stoma scheduler logs, journalctl",
    "no run starts for now": "make room, or raise the limit: stoma config show | grep limits",
}


def tasks(ground: Ground) -> Iterator[Finding]:
    """See that every enabled task can run at all."""
    with reading(ground.paths.database) as reader:
        if reader is None or ground.loaded is None:
            return
        findings = list(_unable(reader, ground.loaded.settings.sources.model_dump()))
        count = len(reader.task_ids())
    yield from findings
    if count and not findings:
        yield ok(f"{count} task(s), and each can run")


def _unable(reader: Reader, sources: dict[str, object]) -> Iterator[Finding]:
    by_type: dict[str, list[str]] = {}
    for task in reader.tasks(strip=0):
        if task.enabled:
            by_type.setdefault(task.type, []).append(task.id)
        if task.enabled and task.next_at is None and task.last is None:
            yield note(f"task {task.id} never ran, and no run is to come", _NEXT.format(task.id))
    for name, ids in sorted(by_type.items()):
        if name in COLLECTORS.table:
            needed = COLLECTORS.get(name).needs(sources)
            if needed:
                yield warning(f"{', '.join(ids)} can not run", needed)


_NEXT = "stoma scheduler next {} --explain"
