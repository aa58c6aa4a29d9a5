"""The settings of one Allora worker: the only reader of ``.env`` and of the environment."""

from settings.ebs import DataVolume
from settings.errors import SettingsError
from settings.loader import load_settings
from settings.model import Settings

__all__ = ["DataVolume", "Settings", "SettingsError", "load_settings"]
