"""The promise of a collector."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from stoma.domain.collection import CollectRequest, Page
from stoma.domain.item import ItemKind
from stoma.domain.task import Json
from stoma.exceptions import TaskConfigError
from stoma.text import did_you_mean

if TYPE_CHECKING:  # whoever only checks a config does not pay for the HTTP client
    from stoma.httpclient import Gate


class CollectorConfig(BaseModel):
    """The keys a task's config may have: unknown ones are refused, values never guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @classmethod
    def read(cls, task_id: str, config: Mapping[str, Json]) -> Self:
        """Return *config*, checked.

        Raises:
            TaskConfigError: A key or a value can not be used; it names the first one.
        """
        try:
            return cls.model_validate(dict(config))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(cls.model_fields)
            raise TaskConfigError(
                task_id,
                key,
                f"unknown key; known: {known}",
                hint=did_you_mean(key, cls.model_fields),
            )
        problem = first["msg"].removeprefix("Value error, ")
        given = f" (it is {first['input']!r:.80})" if key else ""
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
    #: What a task's config may say.
    config: ClassVar[type[CollectorConfig]]
    #: Least pause after the source asks us to slow down without saying for how long.
    pause_seconds: ClassVar[float] = 60.0

    @classmethod
    def needs(cls, settings: Mapping[str, object]) -> str:
        """Return the setting that must be given before this source may be asked; empty if none.

        Args:
            settings: The section `sources` of the settings, with the source's own inside.
        """
        return ""

    @abstractmethod
    def collect(self, request: CollectRequest, gate: "Gate") -> Iterator[Page]:
        """Yield the pages that answer *request*.

        Raises:
            CollectError: The end could not be reached; what was yielded before stays valid.
        """
