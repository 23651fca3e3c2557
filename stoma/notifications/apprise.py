"""Every service that apprise knows: Slack, Teams, Telegram, Matrix, Pushover and many more."""

from stoma.notifications.base import BaseChannel, Parcel
from stoma.notifications.errors import DeliveryError


class AppriseDelivery(BaseChannel):
    """Hands notices to apprise (the extra `apprise`), which is imported only then."""

    def deliver(self, parcel: Parcel) -> None:
        """Send one notice."""
        try:
            from apprise import Apprise, AppriseAsset
        except ImportError:
            raise DeliveryError(
                "apprise is not installed", hint="pip install 'stoma[apprise]'"
            ) from None
        sender = Apprise(asset=AppriseAsset(app_id="stoma", async_mode=False))
        if not sender.add(self.secrets.resolve(self.settings.url.get_secret_value())):
            raise DeliveryError("the address of the channel is none of apprise's", retryable=False)
        if not sender.notify(title=parcel.notice.title, body=parcel.notice.text):
            raise DeliveryError("the service did not take it; apprise's log says why")
