"""The settings of notifications: who is told of what, when, and by which way."""

import json
import re
from collections.abc import Mapping
from datetime import time
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator

from stoma.secrets import named_in
from stoma.settings.section import Credential, Section

#: What there is to tell, and what is told unless somebody says otherwise.
EVENTS = ("failure", "dead", "missed", "silence", "volume", "recovery", "success")
USUAL = EVENTS[:-1]

_CHANNEL = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_ADDRESS = re.compile(r"[!-;=?A-~]+@[!-;=?A-~]+")
_URL = re.compile(r"https?://[!-.0-~]+(:\d+)?(/[!-~]*)?")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _list(value: object) -> object:
    """Return an array as it is held: from an environment variable, with `,` between its parts."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, list) else value


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError("must be an e-mail address such as 'you@example.org'")
    return text


def _url(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if named_in(text) is None and not _URL.fullmatch(text):
        raise ValueError("must be a web address such as 'https://example.org/hook'")
    return secret


def _one_line(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().isprintable():
        raise ValueError("must be one line, without control characters")
    return secret


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("must be a range of addresses such as '10.0.0.0/8'") from None


def _events(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in EVENTS]
    if unknown:
        raise ValueError(f"must be of: {', '.join(EVENTS)}; there is no {unknown[0]!r}")
    return names


def _quiet(text: str) -> str:
    if text and not _HOURS.fullmatch(text):
        raise ValueError("must be such as '22:00-07:00', or empty")
    return text


def _clock_time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError("must be a time such as '07:30'")
    return text


def _table(value: object) -> object:
    """Return the table of channels; in an environment variable it is written as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else {}
    except ValueError:
        raise ValueError("must be a table; in an environment variable, JSON") from None


Names = Annotated[tuple[str, ...], BeforeValidator(_list)]
Events = Annotated[tuple[str, ...], BeforeValidator(_list), AfterValidator(_events)]
Address = Annotated[str, AfterValidator(_address)]
Url = Annotated[Credential, AfterValidator(_url)]
Password = Annotated[Credential, AfterValidator(_one_line)]
Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_list)]


class _Channel(Section):
    """What every channel has."""

    #: Only these reach it; empty: what `notifications.events`, or the task, says.
    events: Events = ()
    timeout_seconds: float = Field(default=30.0, gt=0, le=300)


class SmtpChannel(_Channel):
    """E-mail."""

    type: Literal["smtp"]
    host: str = Field(min_length=1, pattern=r"^[A-Za-z0-9.:\[\]_-]+$")
    port: int = Field(default=0, ge=0, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: Password = SecretStr("")
    sender: Address
    to: Annotated[tuple[Address, ...], BeforeValidator(_list), Field(min_length=1)]
    ca_file: str = ""


class _HttpChannel(_Channel):
    """What all channels that send a request have."""

    url: Url
    allow_private: Networks = ()
    ca_file: str = ""


class WebhookChannel(_HttpChannel):
    """A request with JSON, signed as Standard Webhooks has it."""

    type: Literal["webhook"]
    secret: Password = SecretStr("")


class NtfyChannel(_HttpChannel):
    """A push message through ntfy: its address ends in the topic."""

    type: Literal["ntfy"]
    token: Password = SecretStr("")


class CommandChannel(_Channel):
    """A program of the administrator's, given the message as JSON."""

    type: Literal["command"]
    command: Annotated[tuple[str, ...], BeforeValidator(_list), Field(min_length=1)]


class AppriseChannel(_Channel):
    """Any service that apprise knows (the extra `apprise`)."""

    type: Literal["apprise"]
    url: Password


Channel = SmtpChannel | WebhookChannel | NtfyChannel | CommandChannel | AppriseChannel
_Channels = dict[str, Annotated[Channel, Field(discriminator="type")]]


class NotificationSettings(Section):
    """Who is told of what, when, and by which way."""

    channels: Annotated[_Channels, BeforeValidator(_table)] = Field(
        default={}, description="The ways out, each a table `[notifications.channels.NAME]`."
    )
    notify: Names = Field(
        default=(), description="The channels of tasks that name none themselves."
    )
    events: Events = Field(
        default=USUAL,
        description="What is told: `failure`, `dead`, `missed`, `silence`, `volume`, `recovery`, "
        "`success`.",
    )
    after_failures: int = Field(
        default=1, ge=1, description="A failure is told from the so many-th in a row on."
    )
    repeat_hours: float = Field(
        default=24.0, ge=0, description="The same trouble is told again after so long; 0: always."
    )
    quiet_hours: Annotated[str, AfterValidator(_quiet)] = Field(
        default="", description="`22:00-07:00`: what happens then is told afterwards."
    )
    digest: Names = Field(
        default=(), description="The channels that get the daily digest of what was collected."
    )
    digest_at: Annotated[str, AfterValidator(_clock_time)] = Field(
        default="07:30", description="When, by the clock of `timezone`."
    )
    silence_factor: float = Field(
        default=3.0,
        ge=0,
        description="A task is silent when nothing new came for so many times its longest pause; "
        "0: never.",
    )
    volume_drop_percent: int = Field(
        default=80,
        ge=0,
        le=100,
        description="A run is told that brought so much less than its task usually does; 0: never.",
    )
    give_up_hours: float = Field(
        default=72.0, gt=0, description="What could not be delivered for so long is given up."
    )
    keep_days: int = Field(
        default=30, ge=1, description="Days that messages are kept after they were delivered."
    )

    @model_validator(mode="after")
    def _known_channels(self) -> Self:
        for name in self.channels:
            if not _CHANNEL.fullmatch(name):
                raise ValueError(f"{name!r} can not name a channel: use a-z, 0-9, '_' and '-'")
        for name in (*self.notify, *self.digest):
            if name not in self.channels:
                known = ", ".join(self.channels) or "none"
                raise ValueError(f"there is no channel {name!r}; there are: {known}")
        return self

    @property
    def digest_time(self) -> time:
        """When the digest is made."""
        return time.fromisoformat(self.digest_at)


def plain_channels(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return channels, or what is in one, as JSON holds it; secrets as they are, for a child."""
    return {name: _plain(each) for name, each in value.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        return plain_channels(dict(value))
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return list(value) if isinstance(value, tuple) else value
