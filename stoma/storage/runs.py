"""Runs: the ledger. Every change of state is one UPDATE that must hit exactly one row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from stoma.domain.ledger import Firing
from stoma.domain.run import (
    ACTIVE,
    TRANSITIONS,
    Failure,
    GiveUp,
    Outcome,
    RetryAt,
    Run,
    RunState,
)
from stoma.exceptions import ConflictError
from stoma.redaction import redacted
from stoma.storage.run_changes import FREE, add_decided, advance, end_attempt, finish_in, hit, move
from stoma.storage.run_queries import attempts_in, get_in
from stoma.storage.run_repairs import RunRepairs
from stoma.storage.run_rows import run_to_row
from stoma.storage.tables import ATTEMPTS, RUNS, TASKS
from stoma.storage.tasks import Next


@dataclass(frozen=True, slots=True)
class Usage:
    """What the process of an attempt used, and how it ended."""

    run: Run
    exit_code: int
    peak_memory_bytes: int
    cpu_seconds: float


class RunStore(RunRepairs):
    """The runs and attempts of one registry: every change of state there is."""

    def fire(self, firings: Iterable[Firing], *, now: datetime) -> int:
        """Write what was decided about slots, and when each task is due next.

        A slot that has a row already keeps it; a task changed since it was planned is left for
        the next look.

        Returns:
            How many run rows were added.
        """
        with self._database.write() as connection:
            counted = [firing for firing in firings if advance(connection, firing)]
            return add_decided(connection, counted, now)

    def add(
        self,
        firing: Firing,
        *,
        now: datetime,
        owner: str | None = None,
        lease_until: datetime | None = None,
    ) -> Run:
        """Add one run that no slot asked for, and return it; with an *owner* it is claimed."""
        (decision,) = firing.decisions
        values = run_to_row(firing, decision, now)
        if owner is not None:
            values |= {"state": RunState.QUEUED, "owner": owner, "lease_until": lease_until}
            values["fence"] = 1
        with self._database.write() as connection:
            return get_in(connection, connection.execute(insert(RUNS).values(values)).lastrowid)

    def claim(self, run_id: int, *, owner: str, lease_until: datetime) -> Run | None:
        """Take a pending run; None if somebody else was faster. The fence grows."""
        with self._database.write() as connection:
            change = (
                move(RunState.PENDING, RunState.QUEUED)
                .where(RUNS.c.id == run_id)
                .values(owner=owner, lease_until=lease_until, fence=RUNS.c.fence + 1)
            )
            if connection.execute(change).rowcount != 1:
                return None
            return get_in(connection, run_id)

    def release(self, run: Run, *, not_before: datetime, reason: str) -> None:
        """Give a claimed run back because it could not start. No attempt is consumed."""
        with self._database.write() as connection:
            hit(
                connection,
                run,
                move(RunState.QUEUED, RunState.PENDING).values(
                    **FREE, not_before=not_before, reason=reason
                ),
            )

    def start(self, run: Run, *, now: datetime, log_path: str) -> Run:
        """Begin an attempt of a claimed run."""
        with self._database.write() as connection:
            hit(
                connection,
                run,
                move(RunState.QUEUED, RunState.RUNNING).values(
                    started_at=now,
                    ended_at=None,
                    attempts=RUNS.c.attempts + 1,
                    log_path=log_path,
                    not_before=None,
                    reason="",
                ),
            )
            earlier = attempts_in(connection, [run.id])
            connection.execute(
                insert(ATTEMPTS).values(
                    run_id=run.id,
                    number=earlier.get(run.id, 0) + 1,
                    fence=run.fence,
                    owner=run.owner,
                    started_at=now,
                    log_path=log_path,
                )
            )
            return get_in(connection, run.id)

    def start_all(
        self, runs: Sequence[Run], *, owner: str, lease_until: datetime, now: datetime
    ) -> list[Run]:
        """Claim pending runs and begin an attempt of each, in one transaction.

        Runs that somebody else took meanwhile are left out of what is returned.
        """
        claim = (
            update(RUNS)
            .where(RUNS.c.id == bindparam("run_id"), RUNS.c.fence == bindparam("seen_fence"))
            .where(RUNS.c.state == RunState.PENDING)
            .values(
                state=RunState.RUNNING,
                owner=owner,
                lease_until=lease_until,
                fence=RUNS.c.fence + 1,
                attempts=RUNS.c.attempts + 1,
                started_at=now,
                ended_at=None,
                not_before=None,
                reason="",
                log_path=bindparam("path"),
            )
        )
        started = []
        with self._database.write() as connection:
            earlier = attempts_in(connection, [run.id for run in runs])
            for run in runs:
                found = {"run_id": run.id, "seen_fence": run.fence, "path": run.log_path}
                if connection.execute(claim, found).rowcount == 1:
                    started.append(
                        replace(
                            run,
                            state=RunState.RUNNING,
                            owner=owner,
                            lease_until=lease_until,
                            fence=run.fence + 1,
                            attempts=run.attempts + 1,
                            started_at=now,
                            ended_at=None,
                            not_before=None,
                            reason="",
                        )
                    )
            if started:
                connection.execute(
                    insert(ATTEMPTS),
                    [
                        {
                            "run_id": run.id,
                            "number": earlier.get(run.id, 0) + 1,
                            "fence": run.fence,
                            "owner": owner,
                            "started_at": now,
                            "log_path": run.log_path,
                        }
                        for run in started
                    ],
                )
        return started

    def defer(self, run: Run, failure: Failure, *, now: datetime, not_before: datetime) -> None:
        """Give a started run back because its source's budget is spent. No attempt is consumed."""
        with self._database.write() as connection:
            hit(
                connection,
                run,
                move(RunState.RUNNING, RunState.PENDING).values(
                    **FREE,
                    not_before=not_before,
                    attempts=RUNS.c.attempts - 1,
                    reason="budget",
                    detail=redacted(failure.message),
                ),
            )
            error = redacted(failure.message)
            end_attempt(connection, run, now, error_kind=failure.kind, error=error)

    def fail(self, run: Run, failure: Failure, verdict: RetryAt | GiveUp, *, now: datetime) -> None:
        """End an attempt that did not succeed: the run waits for its retry, or is over."""
        words = {"error_kind": failure.kind, "error": redacted(failure.message)}
        if isinstance(verdict, RetryAt):
            change = move(RunState.RUNNING, RunState.PENDING).values(
                **FREE, **words, not_before=verdict.not_before, reason="retry", ended_at=now
            )
        else:
            change = move(RunState.RUNNING, RunState.DONE).values(
                **FREE, **words, outcome=verdict.outcome, ended_at=now
            )
        with self._database.write() as connection:
            hit(connection, run, change)
            end_attempt(connection, run, now, outcome=failure.outcome, **words)

    def finish(self, run: Run, outcome: Outcome, *, now: datetime, detail: str = "") -> None:
        """End a run whose attempt came to its end."""
        with self._database.write() as connection:
            finish_in(connection, run, outcome, now=now, detail=detail)

    def cancel(self, run_id: int, *, now: datetime, reason: str) -> bool:
        """End a run that has not started; False if it has."""
        values = {**FREE, "outcome": Outcome.CANCELLED, "reason": reason, "ended_at": now}
        with self._database.write() as connection:
            changed = connection.execute(
                update(RUNS)
                .where(RUNS.c.id == run_id)
                .where(RUNS.c.state.in_([RunState.PENDING, RunState.QUEUED]))
                .values(state=RunState.DONE, **values)
            )
            return changed.rowcount == 1

    def interrupt(self, run: Run, *, now: datetime, again: bool, error: str) -> None:
        """Take a held run from an instance that died: back to pending, or ended as interrupted.

        The fence grows, so that a survivor of that instance can store nothing more.
        """
        values: dict[str, Any] = {
            **FREE,
            "fence": RUNS.c.fence + 1,
            "error_kind": "interrupted",
            "error": error,
            "ended_at": now,
        }
        if again:
            values |= {"state": RunState.PENDING, "reason": "interrupted", "not_before": None}
        else:
            values |= {"state": RunState.DONE, "outcome": Outcome.INTERRUPTED}
        with self._database.write() as connection:
            if run.state is RunState.RUNNING:
                end_attempt(
                    connection,
                    run,
                    now,
                    outcome=Outcome.INTERRUPTED,
                    error_kind="interrupted",
                    error=error,
                )
            hit(connection, run, update(RUNS).where(RUNS.c.state == run.state).values(values))

    def request_cancel(self, run_id: int, *, now: datetime) -> Run:
        """Ask for the end of a run: one that has not started ends here, one at work is told.

        Returns:
            The run as it is then; `cancel_requested` if its holder has yet to obey.
        """
        if not self.cancel(run_id, now=now, reason="user"):
            with self._database.write() as connection:
                connection.execute(
                    update(RUNS)
                    .where(RUNS.c.id == run_id, RUNS.c.state == RunState.RUNNING)
                    .values(cancel_requested=True)
                )
        return self.get(run_id)

    def skip(self, run_id: int, *, reason: str, detail: str, coming: Next | None = None) -> bool:
        """End a pending run without a start, because a rule says so.

        Args:
            run_id: The run.
            reason: The rule.
            detail: The same for people.
            coming: When its task is due next, if that was to be counted from the end of the run.
        """
        with self._database.write() as connection:
            changed = connection.execute(
                move(RunState.PENDING, RunState.SKIPPED)
                .where(RUNS.c.id == run_id)
                .values(reason=reason, detail=detail, not_before=None)
            )
            if coming is not None and changed.rowcount == 1:
                mine = select(RUNS.c.task_id).where(RUNS.c.id == run_id).scalar_subquery()
                connection.execute(update(TASKS).where(TASKS.c.id == mine).values(coming.columns()))
            return changed.rowcount == 1

    def settle(self, runs: Iterable[Run], followers: Iterable[Firing], *, now: datetime) -> int:
        """Add the runs that follow from the ends of *runs*, once, and note they are seen to.

        Returns:
            How many were added.
        """
        with self._database.write() as connection:
            added = add_decided(connection, followers, now)
            ids = [run.id for run in runs]
            connection.execute(update(RUNS).where(RUNS.c.id.in_(ids)).values(settled=True))
        return added

    def reopen(self, run_id: int, *, max_attempts: int, reason: str) -> Run:
        """Let a run that is over (or never ran) run again, with *max_attempts* more attempts.

        Raises:
            ConflictError: It is a range of slots, or still active.
        """
        closed = [state for state, after in TRANSITIONS.items() if state not in ACTIVE and after]
        with self._database.write() as connection:
            changed = connection.execute(
                update(RUNS)
                .where(RUNS.c.id == run_id, RUNS.c.state.in_(closed), RUNS.c.slots == 1)
                .values(
                    state=RunState.PENDING,
                    outcome=None,
                    reason=reason,
                    not_before=None,
                    max_attempts=RUNS.c.attempts + max_attempts,
                    cancel_requested=False,
                    settled=False,
                )
            )
            run = get_in(connection, run_id)
            if changed.rowcount != 1:
                raise ConflictError(f"run {run_id} can not run again: it is {run.state}")
            return run

    def note_usage(self, usages: Iterable[Usage]) -> None:
        """Record what the processes of attempts used, whoever ended the runs."""
        with self._database.write() as connection:
            for usage in usages:
                used = {
                    "peak_memory_bytes": usage.peak_memory_bytes,
                    "cpu_seconds": usage.cpu_seconds,
                }
                run = usage.run
                connection.execute(update(RUNS).where(RUNS.c.id == run.id).values(**used))
                connection.execute(
                    update(ATTEMPTS)
                    .where(ATTEMPTS.c.run_id == run.id, ATTEMPTS.c.fence == run.fence)
                    .values(exit_code=usage.exit_code, **used)
                )
