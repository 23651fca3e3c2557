"""Push messages through ntfy (ntfy.sh, or a server of one's own)."""

import json
from urllib.parse import urlsplit

from stoma.domain.notice import Event
from stoma.notifications.base import BaseChannel, Parcel
from stoma.notifications.errors import DeliveryError
from stoma.notifications.posting import Post, post

_PRIORITY = {Event.DEAD: 4, Event.FAILURE: 4, Event.SUCCESS: 2, Event.DIGEST: 2}
_TAGS = {
    Event.FAILURE: "warning",
    Event.DEAD: "rotating_light",
    Event.MISSED: "hourglass",
    Event.SILENCE: "mute",
    Event.VOLUME: "chart_with_downwards_trend",
    Event.RECOVERY: "white_check_mark",
    Event.SUCCESS: "white_check_mark",
    Event.DIGEST: "newspaper",
}
#: A longer message becomes an attachment, which telephones do not show.
_MOST_BYTES = 3800


class NtfyDelivery(BaseChannel):
    """Publishes notices to a topic, as JSON: no text of ours stands in a header."""

    def deliver(self, parcel: Parcel) -> None:
        """Publish one notice."""
        settings, notice = self.settings, parcel.notice
        base, topic = _topic(self.secrets.resolve(settings.url.get_secret_value()))
        text = notice.text.encode()[:_MOST_BYTES].decode("utf-8", "ignore")
        message: dict[str, object] = {
            "topic": topic,
            "title": notice.title,
            "message": text,
            "priority": _PRIORITY.get(notice.event, 3),
        }
        if notice.event in _TAGS:
            message["tags"] = [_TAGS[notice.event]]
        headers = {"Content-Type": "application/json"}
        token = self.secrets.resolve(settings.token.get_secret_value())
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = Post(
            url=base,
            body=json.dumps(message).encode(),
            headers=headers,
            timeout_seconds=settings.timeout_seconds,
            allow_private=settings.allow_private,
            ca_file=settings.ca_file,
        )
        post(request, self.clock)


def _topic(url: str) -> tuple[str, str]:
    """Return the address of the server, and the topic."""
    parts = urlsplit(url)
    folder, _, topic = parts.path.rstrip("/").rpartition("/")
    if not topic:
        raise DeliveryError(
            "the address of the channel names no topic",
            retryable=False,
            hint="write it as https://ntfy.sh/your-topic",
        )
    return f"{parts.scheme}://{parts.netloc}{folder}/", topic
