"""`stoma help TOPIC`: what belongs to no single command."""

from typing import Annotated

import typer

from stoma.exceptions import NotFoundError
from stoma.text import did_you_mean

#: Documented once, here; `docs/reference/exit-codes.md` is checked against it.
EXIT_CODES = {
    0: "success, also an empty list; `start` after a drained SIGTERM",
    1: "the operation, or the run that was waited for, failed",
    2: "usage: a wrong value, or a prompt was needed and there is no terminal",
    3: "finished with findings: a partial collection, a doctor's finding",
    4: "authentication or a required setting is missing or refused",
    5: "no such task, run, preset or item",
    6: "conflict: already running, name taken, another scheduler holds the registry",
    75: "try again later: database busy or disk full, the source said 429",
    77: "no permission",
    78: "configuration or registry can not be used as it is",
    124: "timed out",
    130: "interrupted by Ctrl-C",
    143: "ended by SIGTERM",
}


def topics(
    topic: Annotated[str, typer.Argument(help="`exit-codes`.")] = "exit-codes",
) -> None:
    """Read about what belongs to no single command."""
    if topic != "exit-codes":
        raise NotFoundError("topic", topic, hint=did_you_mean(topic, ["exit-codes"]))
    for code, meaning in EXIT_CODES.items():
        print(f"{code:>4}  {meaning}")
