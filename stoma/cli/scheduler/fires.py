"""How coming fires are shown."""

from stoma.cli.options import Trial, moment
from stoma.cli.output import View
from stoma.cli.session import Session
from stoma.cli.streams import note
from stoma.cli.tables import Column
from stoma.cli.times import Times, relative, stamp
from stoma.exceptions import UsageError
from stoma.operations.coming import Fire, Outlook, Question, outlook, task_outlook
from stoma.records.slots import fire_fields


def found_fires(
    current: Session, task_id: str | None, trial: Trial, *, count: int, skipped: bool
) -> Outlook:
    """Return when a task, or a schedule that is only tried, is due.

    Raises:
        UsageError: Both are given, or the schedule can not be understood.
        NotFoundError: There is no such task.
    """
    question = Question(
        moment=moment(trial.start, "--from") or current.clock.now(),
        count=count,
        timezone=trial.timezone or current.place.timezone,
        skipped=skipped,
    )
    if trial.schedule is None:
        with current.reader() as reader:
            return task_outlook(reader, str(task_id), question)
    if task_id is not None:
        raise UsageError("a task and --schedule were given", hint="give one of them")
    return outlook(trial.schedule, question)


def fire_view(found: Outlook, times: Times) -> View[Fire]:
    """Return how the fires of one schedule are listed."""
    return View(
        columns=[
            Column("next", lambda fire: fire_at(fire, times)),
            Column("in", lambda fire: relative(fire.due_at, times.now)),
            Column("utc", lambda fire: stamp(fire.due_at), wide=True),
        ],
        fields=fire_fields(found),
        name=lambda fire: stamp(fire.due_at),
    )


def fire_at(fire: Fire, times: Times) -> str:
    """Return a fire on the clock of its schedule."""
    return stamp(fire.due_at) if times.utc else f"{fire.local_at:%a %Y-%m-%d %H:%M %Z}"


def reasons_text(found: Outlook, times: Times) -> str:
    """Return what is unusual about fires, a line each: sentences, too long for a column."""
    return "".join(
        f"{fire_at(fire, times)}: {reason}\n" for fire in found.fires for reason in fire.reasons
    )


def fires_text(found: Outlook, times: Times) -> str:
    """Return what a schedule means and when it is due, as lines."""
    lines = [f"  {found.words}"]
    for number, fire in enumerate(found.fires):
        name = "next" if number == 0 else ""
        lines.append(f"  {name:<5} {fire_at(fire, times)}  {relative(fire.due_at, times.now)}")
    if not found.fires:
        lines.append("  next  -")
    return "\n".join(lines)


def warn(found: Outlook) -> None:
    """Tell, on stderr, what is unusual about a schedule."""
    told = {reason for fire in found.fires for reason in fire.reasons}
    for text in (*found.notes, *(each for each in found.warnings if each not in told)):
        note(f"note: {text}")
    if not found.fires:
        note("nothing is due")
