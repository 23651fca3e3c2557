"""Making the digest: from what the registry has of the time since the last one."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from stoma.app import App
from stoma.domain.notice import Notice
from stoma.notifications.digest import Bad, Coming, Digest, Group, Thing, notice_of
from stoma.storage.read import reading
from stoma.storage.read_digest import FoundItem, TaskTrouble

#: The end of the last digest, in the registry's facts.
KEY = "digest_until"
#: So many things of each task are shown, and so many runs that come.
_SHOWN, _COMING = 12, 6
_DAY = timedelta(days=1)
#: After a long time without one, a digest goes back no further.
_LONGEST = timedelta(days=31)


def queue_digest(app: App) -> bool:
    """Queue the digest if it is time for it; return whether it was.

    It is queued together with the note that it was: once for each day, whatever crashes. The first
    one covers the time since notifications were set up.
    """
    wanted, now = app.settings.notifications, app.clock.now()
    if not wanted.digest:
        return False
    last = _last(app)
    if last is None:
        app.state.set(KEY, now.isoformat(), now=now)
        return False
    due = newest_moment(app, now)
    if due <= last:
        return False
    notice = digest_notice(app, max(last, due - _LONGEST), due)
    with app.database.together():
        channels = dict.fromkeys(wanted.digest, now)
        app.outbox.add(f"digest-{due:%Y%m%dT%H%M}", notice, channels, now=now)
        app.state.set(KEY, due.isoformat(), now=now)
    return True


def newest_moment(app: App, now: datetime) -> datetime:
    """Return when the newest digest that can be made now was due."""
    wanted = app.settings.notifications
    local = now.astimezone(ZoneInfo(app.settings.timezone))
    due = datetime.combine(local.date(), wanted.digest_time, local.tzinfo)
    if due > local:
        due = datetime.combine(local.date() - _DAY, wanted.digest_time, local.tzinfo)
    return due.astimezone(now.tzinfo)


def preview(app: App) -> Notice:
    """Return the digest as it would be now."""
    now = app.clock.now()
    last = _last(app)
    return digest_notice(app, last if last and now - last > _DAY / 24 else now - _DAY, now)


def digest_notice(app: App, since: datetime, until: datetime) -> Notice:
    """Return the digest of the time between two moments."""
    with reading(app.paths.database) as reader:
        if reader is None:  # removed under our feet
            return notice_of(_empty(app, since, until))
        takes = reader.digest.takes(since, until, shown=_SHOWN)
        runs, missed = reader.digest.runs(since, until)
        digest = Digest(
            since=since,
            until=until,
            timezone=app.settings.timezone,
            groups=[
                Group(
                    task_id=take.task_id,
                    name=take.name,
                    count=take.count,
                    things=[_thing(item) for item in take.items],
                )
                for take in takes
            ],
            bad=[_bad(each) for each in reader.digest.troubles(since, until)],
            coming=[
                Coming(task_id=line.id, name=line.name, at=line.next_at)
                for line in reader.coming(limit=_COMING)
                if line.next_at is not None
            ],
            runs=runs,
            missed=missed,
            alive=reader.scheduler() is not None,
        )
    return notice_of(digest)


def _empty(app: App, since: datetime, until: datetime) -> Digest:
    zone = app.settings.timezone
    return Digest(since=since, until=until, timezone=zone, groups=(), bad=(), coming=())


def _last(app: App) -> datetime | None:
    known = app.state.get(KEY)
    return datetime.fromisoformat(known) if isinstance(known, str) else None


def _thing(item: FoundItem) -> Thing:
    return Thing(
        title=item.title,
        url=item.url,
        people=[name for name in item.people.splitlines() if name],
        summary=item.summary,
        at=item.published_at,
    )


def _bad(trouble: TaskTrouble) -> Bad:
    return Bad(
        task_id=trouble.task_id,
        name=trouble.name,
        count=trouble.count,
        run_id=trouble.run_id,
        what=trouble.error or trouble.outcome.replace("_", " "),
        well_again=trouble.well_since is not None,
    )
