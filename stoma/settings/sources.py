"""The settings of the sources that are asked, and of the secrets they may need."""

import re
import shlex
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from stoma.secrets import named_in
from stoma.settings.section import Credential, Section, paths

_E_MAIL = re.compile(r"[^\s@]+@[^\s@]+")
_BASE_URL = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")
_TOKEN = re.compile(r"[!-~]*")


def _contact(address: str) -> str:
    if address and not _E_MAIL.fullmatch(address):
        raise ValueError("must be an e-mail address such as 'you@example.org'")
    return address


def _base_url(url: str) -> str:
    if not _BASE_URL.fullmatch(url):
        raise ValueError("must be a web address such as 'https://export.arxiv.org'")
    return url.rstrip("/")


def _token(token: SecretStr) -> SecretStr:
    text = token.get_secret_value()
    if named_in(text) is None and not _TOKEN.fullmatch(text):
        raise ValueError("must be a token such as 'ghp_...', without blanks")
    return token


def _credential_file(path: str) -> str:
    if path and not path.startswith(("/", "~")):
        raise ValueError("must be the whole path of a file, from '/' or '~'")
    return path


def _words(value: object) -> tuple[str, ...]:
    """Return a command: an array, or in an environment variable as the shell would read it."""
    return paths(shlex.split(value) if isinstance(value, str) else value)


class SourceSettings(Section):
    """What every source has. Further addresses of its own are keys that end in `_url`."""

    base_url: Annotated[str, AfterValidator(_base_url)]
    interval_seconds: float = Field(ge=0)
    timeout_seconds: float = Field(default=60.0, gt=0, description="How long one request may take.")

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address that requests to the source may go to, the main one first."""
        return tuple(value for name, value in self if name.endswith("_url"))


class ArxivSettings(SourceSettings):
    """How arXiv is asked."""

    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://export.arxiv.org", description="The host, or a mirror of it."
    )
    interval_seconds: float = Field(
        default=3.0, ge=0, description="Least time between two requests; arXiv asks for 3 seconds."
    )
    page_size: int = Field(
        default=100, ge=1, le=2000, description="Results asked for at a time; arXiv allows 2000."
    )
    oai_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://oaipmh.arxiv.org/oai", description="The OAI-PMH interface, for harvests."
    )
    rss_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://rss.arxiv.org/rss", description="The daily lists of what is announced."
    )
    cache_hours: float = Field(
        default=0.0,
        ge=0,
        le=24,
        description="How long a search that is asked again is answered from what is kept. "
        "0: never.",
    )


class SecEdgarSettings(SourceSettings):
    """How SEC EDGAR is asked."""

    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://www.sec.gov",
        description="The host of the lists of filings, the indexes and the filings themselves.",
    )
    interval_seconds: float = Field(
        default=0.112,
        ge=0,
        description="Least time between two requests, to all three hosts together; "
        "the SEC allows 10 a second.",
    )
    data_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://data.sec.gov", description="The host of each company's own list."
    )
    search_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://efts.sec.gov", description="The host of the full-text search."
    )
    page_size: int = Field(
        default=100,
        ge=10,
        le=100,
        description="Entries of the list of latest filings asked for at a time.",
    )


class GithubSettings(SourceSettings):
    """How GitHub is asked."""

    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://api.github.com",
        description="The host of the API; of your own server, `https://HOST/api/v3`.",
    )
    interval_seconds: float = Field(
        default=1.0,
        ge=0,
        description="Least time between two requests; GitHub's limits make it longer for "
        "searches, and without a token.",
    )
    trending_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="https://github.com/trending", description="The page of trending repositories."
    )
    token: Annotated[Credential, AfterValidator(_token)] = Field(
        default=SecretStr(""),
        description='A token of yours, for higher limits, best as `{secret = "NAME"}`; never '
        "shown. The variable `GITHUB_TOKEN` counts where nothing here is set.",
    )
    token_file: Annotated[str, AfterValidator(_credential_file)] = Field(
        default="", description="A file that holds the token, read when GitHub is asked."
    )


class SourcesSettings(Section):
    """How the sources are asked."""

    contact: Annotated[str, AfterValidator(_contact)] = Field(
        default="",
        description="An e-mail address for the User-Agent, so that a source can reach you.",
    )
    arxiv: ArxivSettings = ArxivSettings()
    github: GithubSettings = GithubSettings()
    sec_edgar: SecEdgarSettings = SecEdgarSettings()


class SecretsSettings(Section):
    """Where secrets are looked up, besides credentials of the service and the environment."""

    folder: Annotated[str, AfterValidator(_credential_file)] = Field(
        default="", description="A folder with one file per secret, named as it is."
    )
    command: Annotated[tuple[str, ...], BeforeValidator(_words)] = Field(
        default=(),
        description="A command that prints the secret whose name takes the place of `{name}`.",
    )
    timeout_seconds: float = Field(
        default=10.0, gt=0, le=300, description="How long that command may take."
    )
