"""The settings of one Allora worker: the only reader of ``.env`` and the environment."""

from settings.errors import SettingsError
from settings.loader import load_settings
from settings.model import Settings
from settings.sections.data_volume import EbsVolume

__all__ = ["EbsVolume", "Settings", "SettingsError", "load_settings"]
