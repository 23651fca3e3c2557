"""What the log says of a run that has ended."""

import logging

from stoma.domain.run import Outcome, Run, RunState

_log = logging.getLogger(__name__)


def log_end(run: Run) -> None:
    """Say how a run ended, or that it will be tried again."""
    counts = run.counts
    if run.state is RunState.PENDING:
        _log.warning(
            "run %d of task %s: %s; next attempt at %s UTC",
            run.id,
            run.task_id,
            run.error or run.detail,
            f"{run.not_before:%Y-%m-%d %H:%M:%S}" if run.not_before else "once",
        )
    elif run.outcome in {Outcome.SUCCEEDED, Outcome.EMPTY, Outcome.PARTIAL}:
        _log.info(
            "run %d of task %s: %s: %d new, %d updated, %d unchanged in %.1f s",
            run.id,
            run.task_id,
            run.outcome,
            counts.new,
            counts.updated,
            counts.unchanged,
            run.duration_seconds or 0.0,
        )
    else:
        _log.error("run %d of task %s: %s: %s", run.id, run.task_id, run.outcome, run.error)
