"""Telling people: what is worth it, in which words, and by which way.

Nothing here knows the registry: what is to be told is queued there by the scheduler.
"""

from stoma.notifications.base import BaseChannel
from stoma.registry import Registry

#: How notices leave the house: the `type` of a channel's settings -> what delivers.
CHANNELS: Registry[BaseChannel] = Registry(
    "channel",
    {
        "apprise": "stoma.notifications.apprise:AppriseDelivery",
        "command": "stoma.notifications.command:CommandDelivery",
        "ntfy": "stoma.notifications.ntfy:NtfyDelivery",
        "smtp": "stoma.notifications.smtp:SmtpDelivery",
        "webhook": "stoma.notifications.webhook:WebhookDelivery",
    },
)
