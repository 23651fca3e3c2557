"""What only the web can refuse for. Each carries the status it is answered with."""

from stoma.exceptions import StomaError


class WebError(StomaError):
    """A request that is refused before any verb is called."""

    status = 400
    #: Headers the answer needs.
    headers: dict[str, str] = {}


class UnauthenticatedError(WebError):
    """Nobody is known to ask."""

    status = 401
    headers = {"WWW-Authenticate": 'Basic realm="stoma", charset="UTF-8", Bearer realm="stoma"'}

    def __init__(self, message: str = "this needs a login or a token") -> None:
        super().__init__(message, hint="send Authorization: Bearer TOKEN, or a user and password")


class ForbiddenError(WebError):
    """Who asks may not."""

    status = 403

    def __init__(self, scope: str) -> None:
        self.scope = scope
        super().__init__(f"this needs the scope {scope!r}", hint="use a token or user that has it")


class TooManyError(WebError):
    """Somebody asks for more than they may in a minute."""

    status = 429

    def __init__(self, what: str, wait_seconds: int) -> None:
        self.headers = {"Retry-After": str(wait_seconds)}
        super().__init__(f"too many {what}", hint=f"again in {wait_seconds} s")


class HostError(WebError):
    """The request was meant for another name (DNS rebinding looks like this)."""

    status = 421

    def __init__(self, host: str) -> None:
        super().__init__(
            f"this server is not {host!r}",
            hint="add the name to the setting web.allowed_hosts, or use that of this machine",
        )


class OriginError(WebError):
    """A page of another site wants to change something here."""

    status = 403

    def __init__(self, origin: str) -> None:
        super().__init__(f"requests that change something may not come from {origin}")


class TooLargeError(WebError):
    """The body of a request is larger than we read."""

    status = 413

    def __init__(self, most: int) -> None:
        super().__init__(
            f"the request is larger than {most} bytes", hint="the setting web.body_kilobytes"
        )


class TooSlowError(WebError):
    """The body of a request does not come."""

    status = 408

    def __init__(self) -> None:
        super().__init__("the request took too long to come")


class MediaTypeError(WebError):
    """The body is in a form that is not understood here."""

    status = 415

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(
            f"the body is {found or 'of no type'}, must be {wanted}",
            hint=f"send Content-Type: {wanted}",
        )


class BadPathError(WebError):
    """The path holds what no path of ours holds."""

    status = 404

    def __init__(self) -> None:
        super().__init__("nothing is at that path")
