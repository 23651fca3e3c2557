"""The promise of a normalizer."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from stoma.domain.collection import CollectResult
from stoma.domain.item import Item


class BaseNormalizer(ABC):
    """Turns a raw answer into items. No I/O: the same bytes give the same items."""

    @abstractmethod
    async def normalize(self, result: CollectResult) -> Sequence[Item]:
        """Return the items in *result*, in the order of the source.

        Raises:
            BadAnswerError: The bytes are not an answer of this source.
        """
