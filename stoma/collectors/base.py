"""The promise of a collector."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from stoma.domain.collection import CollectRequest, Page
from stoma.domain.item import ItemKind
from stoma.domain.task import Json
from stoma.exceptions import SecretError, TaskConfigError
from stoma.redaction import redacted
from stoma.secrets import masked
from stoma.text import did_you_mean

if TYPE_CHECKING:  # whoever only checks a config does not pay for the HTTP client
    from stoma.httpclient import Gate


#: The key of every config that names the normalizer, in place of the collector's own.
NORMALIZER = "normalizer"


def normalizer_named(task_id: str, config: Mapping[str, Json]) -> str:
    """Return the normalizer that *config* names; empty if it leaves that to the collector.

    Raises:
        TaskConfigError: What it says is no name.
    """
    name = config.get(NORMALIZER, "")
    if not isinstance(name, str) or (NORMALIZER in config and not name):
        problem = f"must be a name such as 'arxiv' or 'mine.py:ClassName' (it is {name!r:.80})"
        raise TaskConfigError(task_id, NORMALIZER, problem)
    return name


class CollectorConfig(BaseModel):
    """The keys a task's config may have: unknown ones are refused, values never guessed.

    Beside them every config may name a `normalizer`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @classmethod
    def read(cls, task_id: str, config: Mapping[str, Json]) -> Self:
        """Return *config*, checked.

        Raises:
            TaskConfigError: A key or a value can not be used; it names the first one.
        """
        normalizer_named(task_id, config)
        try:
            # Of a secret only the name is known here; whoever collects is given the secret.
            return cls.model_validate({k: masked(v) for k, v in config.items() if k != NORMALIZER})
        except SecretError as error:
            raise TaskConfigError(task_id, "", str(error), hint=error.hint) from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = [*cls.model_fields, NORMALIZER]
            raise TaskConfigError(
                task_id,
                key,
                f"unknown key; known: {', '.join(known)}",
                hint=did_you_mean(key, known),
            )
        problem = first["msg"].removeprefix("Value error, ")
        given = f" (it is {redacted(repr(first['input'])):.80})" if key else ""
        raise TaskConfigError(task_id, key, f"{problem[:1].lower()}{problem[1:]}{given}")


class BaseCollector(ABC):
    """Fetches the answers of one source, page by page.

    * Every request goes through the gate it is given: the gate keeps the source's budget, the
      deadline, the size cap and the User-Agent. A collector opens no connection of its own.
    * A collector never swallows a doubt: what is not provably the asked-for answer is a
      `CollectError`, never an empty list.
    * Pages are yielded as they arrive, each with the checkpoint from which a later attempt of
      the same run goes on. Exactly one page, the final one, is `last`. If a config asks for
      nothing, that page has no answer and no request is sent.
    * It keeps no state between two calls and touches neither clock nor database.
    """

    #: The name of the source: the type in TOML, the `source` of its items, its budget.
    source: ClassVar[str]
    #: What its items are.
    kind: ClassVar[ItemKind]
    #: The normalizer that reads its answers, unless the task names another.
    normalizer: ClassVar[str]
    #: What a task's config may say; nothing, unless a collector says more.
    config: ClassVar[type[CollectorConfig]] = CollectorConfig
    #: Of a source that has no settings of its own: where it is, and the least seconds between two
    #: requests to it.
    base_url: ClassVar[str] = ""
    interval_seconds: ClassVar[float] = 3.0
    #: Least pause after the source asks us to slow down without saying for how long.
    pause_seconds: ClassVar[float] = 60.0
    #: So many days after its end a day is whole at the source: later nothing of it turns up.
    settled_days: ClassVar[int] = 0

    @classmethod
    def needs(cls, settings: Mapping[str, object]) -> str:
        """Return the setting that must be given before this source may be asked; empty if none.

        Args:
            settings: The section `sources` of the settings, with the source's own inside.
        """
        return ""

    @classmethod
    def no_past(cls, config: Mapping[str, Json]) -> str:
        """Return why slots of the past can not be filled; empty if the source tells of the past.

        Args:
            config: A task's config, as it is written.
        """
        return ""

    @classmethod
    def addresses(cls, config: Mapping[str, Json]) -> tuple[str, ...]:
        """Return where requests may go, the main address first: `base_url`, unless it is chosen.

        Not asked of the sources that have settings: theirs say it.
        """
        return (cls.base_url,)

    @abstractmethod
    def collect(self, request: CollectRequest, gate: "Gate") -> Iterator[Page]:
        """Yield the pages that answer *request*.

        Raises:
            CollectError: The end could not be reached; what was yielded before stays valid.
        """
