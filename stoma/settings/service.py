"""The settings of a service left alone: what it logs, and its sign of life."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from stoma.secrets import named_in
from stoma.settings.section import Credential, Section

_WEB_ADDRESS = re.compile(r"(https?://[^\s/?#]+[!-~]*)?")


def _web_address(url: SecretStr) -> SecretStr:
    text = url.get_secret_value()
    if named_in(text) is None and not _WEB_ADDRESS.fullmatch(text):
        raise ValueError("must be a web address such as 'https://hc-ping.com/UUID'")
    return url


def _whole_path(path: str) -> str:
    if path and not path.startswith(("/", "~")):
        raise ValueError("must be the whole path of a file, from '/' or '~'")
    return path


class LoggingSettings(Section):
    """What is logged, and how."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least severe kind of line that is written."
    )
    format: Literal["plain", "json"] = Field(
        default="plain", description="`plain` lines for people, `json` lines for programs."
    )
    file: Annotated[str, AfterValidator(_whole_path)] = Field(
        default="",
        description="A file that the scheduler's lines go to as well. Empty: none.",
    )
    file_megabytes: float = Field(
        default=10.0, gt=0, description="How long it may become before a new one is begun."
    )
    file_count: int = Field(
        default=5,
        ge=1,
        le=1000,
        description="So many of the older ones are kept: `FILE.1` is the newest of them.",
    )


class HeartbeatSettings(Section):
    """The sign of life for a monitor outside."""

    url: Annotated[Credential, AfterValidator(_web_address)] = Field(
        default=SecretStr(""),
        description="An address that is asked as long as the scheduler works, and `URL/fail` when "
        "it does not: that of a check at healthchecks.io, say. Never shown.",
    )
    interval_seconds: float = Field(default=60.0, ge=1, description="How often it is asked.")
    timeout_seconds: float = Field(
        default=10.0, gt=0, le=60, description="How long an answer may take."
    )
