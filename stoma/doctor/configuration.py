"""Settings and secrets: can they be used, and is anything missing?"""

from collections.abc import Iterator

from stoma.doctor.findings import Finding, Ground, fault, note, ok, warning
from stoma.operations.secrets import list_secrets
from stoma.storage.read import reading


def settings(ground: Ground) -> Iterator[Finding]:
    """See that the settings can be used."""
    if ground.loaded is None:
        yield fault(ground.problem, ground.hint)
        return
    origins = ground.loaded.origins.values()
    read = [str(file.path) for file in ground.loaded.files if file.read]
    given = sum(origin != "built-in" for origin in origins)
    yield ok(f"{given} set, of {len(origins)}; files: {', '.join(read) or 'none'}")
    if any(origin.startswith("environment") for origin in origins):
        count = sum(origin.startswith("environment") for origin in origins)
        yield note(f"{count} from the environment, which a service does not share")


def secrets(ground: Ground) -> Iterator[Finding]:
    """See that every secret that something refers to is there."""
    if ground.loaded is None:
        return
    with reading(ground.paths.database) as reader:
        lines = list_secrets(ground.loaded, reader)
    for line in lines:
        users = ", ".join(line.used_by)
        if line.problem and users:
            yield fault(
                f"secret {line.name}, which {users} wants: {line.problem}",
                "see docs/how-to/keep-secrets.md",
            )
        elif line.problem:
            yield warning(f"secret {line.name}: {line.problem}", "put it right, or remove it")
    if lines and not any(line.problem for line in lines):
        yield ok(f"{len(lines)} there")
