"""Settings, and where each comes from."""

from stoma.operations.settings import Setting
from stoma.records.base import Fields

SETTING: Fields[Setting] = {
    "key": lambda setting: setting.key,
    "value": lambda setting: setting.value,
    "origin": lambda setting: setting.origin,
    "meaning": lambda setting: setting.meaning,
}
