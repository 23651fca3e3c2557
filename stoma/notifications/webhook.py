"""A request with JSON, signed as Standard Webhooks 1.0 has it (standardwebhooks.com)."""

import hmac
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from hashlib import sha256

from stoma.notifications.base import BaseChannel, Parcel
from stoma.notifications.errors import DeliveryError
from stoma.notifications.posting import Post, post
from stoma.notifications.words import payload

_MARK = "whsec_"


class WebhookDelivery(BaseChannel):
    """Posts notices as JSON. Whoever gets one can see that it is ours, whole and new."""

    def deliver(self, parcel: Parcel) -> None:
        """Post one notice."""
        settings = self.settings
        body = payload(parcel.notice)
        headers = {"Content-Type": "application/json", "webhook-id": parcel.id}
        secret = self.secrets.resolve(settings.secret.get_secret_value())
        sent_at = str(int(self.clock.now().timestamp()))
        headers["webhook-timestamp"] = sent_at
        if secret:
            headers["webhook-signature"] = signature(secret, parcel.id, sent_at, body)
        request = Post(
            url=self.secrets.resolve(settings.url.get_secret_value()),
            body=body,
            headers=headers,
            timeout_seconds=settings.timeout_seconds,
            allow_private=settings.allow_private,
            ca_file=settings.ca_file,
        )
        post(request, self.clock)


def signature(secret: str, parcel_id: str, sent_at: str, body: bytes) -> str:
    """Return the signature over id, moment and body; *secret* as `whsec_...`, or as it is.

    Raises:
        DeliveryError: It begins as such a secret and is none.
    """
    key = secret.encode()
    if secret.startswith(_MARK):
        try:
            key = b64decode(secret.removeprefix(_MARK), validate=True)
        except NotBase64:
            raise DeliveryError(
                "the secret of the channel begins with whsec_ and goes on with what is not base64",
                retryable=False,
            ) from None
    content = f"{parcel_id}.{sent_at}.".encode() + body
    return "v1," + b64encode(hmac.new(key, content, sha256).digest()).decode()
