"""E-mail: text and HTML in one message, over a connection that is checked."""

import smtplib
import socket
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address

from stoma.notifications.base import BaseChannel, Parcel
from stoma.notifications.errors import DeliveryError
from stoma.notifications.limits import ended_after, said, trusted
from stoma.text import collapse, safe

_PORTS = {"tls": 465, "starttls": 587, "none": 25}


class SmtpDelivery(BaseChannel):
    """Sends notices through a mail server.

    A secure connection is demanded, not hoped for: a server that offers none gets nothing. A
    password never travels in the clear, except inside this machine.
    """

    def deliver(self, parcel: Parcel) -> None:
        """Send one notice."""
        settings = self.settings
        server: smtplib.SMTP | None = None
        with ended_after(settings.timeout_seconds, lambda: getattr(server, "sock", None)) as over:
            try:
                server = self._made()
                self._connect(server)
                self._log_in(server)
                self._send(server, parcel)
            except (OSError, smtplib.SMTPException, ValueError) as error:
                if over.is_set():
                    late = f"it took more than {settings.timeout_seconds:g} s"
                    raise DeliveryError(f"{settings.host}: {late}") from None
                raise _failure(settings.host, error) from None
            finally:
                if server is not None:
                    server.close()

    def _made(self) -> smtplib.SMTP:
        """Return a client that is not connected yet: what holds it can be cut from here on."""
        settings = self.settings
        timeout = settings.timeout_seconds
        server: smtplib.SMTP
        if settings.security == "tls":
            server = smtplib.SMTP_SSL(timeout=timeout, context=trusted(settings.ca_file))
        else:
            server = smtplib.SMTP(timeout=timeout)
        # What the certificate is checked against; set by connecting in one step only.
        setattr(server, "_host", settings.host)  # noqa: B010 - private there
        return server

    def _connect(self, server: smtplib.SMTP) -> None:
        settings = self.settings
        code, words = server.connect(settings.host, settings.port or _PORTS[settings.security])
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        if settings.security == "starttls":
            server.starttls(context=trusted(settings.ca_file))

    def _log_in(self, server: smtplib.SMTP) -> None:
        settings = self.settings
        if not settings.username:
            return
        if settings.security == "none" and not _is_here(server.sock):
            raise DeliveryError(
                f"{settings.host}: no password is sent over a connection that is not secure",
                retryable=False,
                hint='use security = "starttls" or "tls"',
            )
        password = self.secrets.resolve(settings.password.get_secret_value())
        server.login(settings.username, password)

    def _send(self, server: smtplib.SMTP, parcel: Parcel) -> None:
        settings = self.settings
        refused = server.send_message(
            message_of(parcel, settings.sender, settings.to),
            from_addr=settings.sender,
            to_addrs=list(settings.to),
        )
        if refused:  # the others have it: to send it again would send it to them twice
            names = ", ".join(sorted(refused))
            raise DeliveryError(
                f"{settings.host} did not take it for {names}: {_words(refused.values())}",
                retryable=False,
            )


def message_of(parcel: Parcel, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """Return the notice as a mail. Its subject is one line, whatever the notice says."""
    notice = parcel.notice
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Subject"] = collapse(safe(notice.title))
    message["Date"] = format_datetime(notice.at)
    message["Message-ID"] = f"<{parcel.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Stoma-Event"] = str(notice.event)
    message.set_content(notice.text)
    if notice.html:
        message.add_alternative(notice.html, subtype="html")
    return message


def _failure(host: str, error: Exception) -> DeliveryError:
    """Return what an error of the conversation means; 4xx is later, 5xx never (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        words = _words(error.recipients.values())
        return DeliveryError(f"{host}: {words}", retryable=any(code < 500 for code in codes))
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return DeliveryError(f"{host}: {safe(error)}", retryable=False)
    if isinstance(error, smtplib.SMTPResponseException):
        return DeliveryError(
            f"{host}: {_words([(error.smtp_code, error.smtp_error)])}",
            retryable=error.smtp_code < 500,
        )
    return DeliveryError(f"{host}: {safe(said(error))}")


def _words(answers: object) -> str:
    found = []
    for code, text in answers:  # type: ignore[attr-defined]
        words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        found.append(f"{code} {collapse(safe(words))}"[:200])
    return "; ".join(dict.fromkeys(found))


def _is_here(connection: socket.socket | None) -> bool:
    """Return whether the other end is on this machine."""
    try:
        return connection is not None and ip_address(connection.getpeername()[0]).is_loopback
    except (OSError, ValueError):
        return False
