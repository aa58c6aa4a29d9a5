"""All settings as one type."""

from pydantic import Field

from settings.sections.account import AccountSettings
from settings.sections.data_volume import DataVolumeSettings
from settings.sections.forge_model import ForgeModelSettings
from settings.sections.instance import InstanceSettings
from settings.sections.model_server import ModelServerSettings
from settings.sections.monitoring import MonitoringSettings
from settings.sections.network import NetworkSettings
from settings.sections.state import StateSettings
from settings.sections.worker import WorkerSettings
from settings.variable import Section

SECTIONS: dict[str, type[Section]] = {
    "AWS account": AccountSettings,
    "Terraform state": StateSettings,
    "Network": NetworkSettings,
    "Instance": InstanceSettings,
    "Data volume": DataVolumeSettings,
    "Worker": WorkerSettings,
    "Forge model": ForgeModelSettings,
    "Model server": ModelServerSettings,
    "Monitoring": MonitoringSettings,
}
"""By title, in the order of docs/configuration.md."""


class Settings(
    MonitoringSettings,
    WorkerSettings,
    ModelServerSettings,
    ForgeModelSettings,
    DataVolumeSettings,
    InstanceSettings,
    NetworkSettings,
    StateSettings,
    AccountSettings,
):
    """All settings of a deployment, validated; see `settings.load_settings`.

    Pydantic validates the fields of the last base first: `AccountSettings` is the earliest
    section, `MonitoringSettings` the latest.
    """

    warnings: tuple[str, ...] = Field(default=(), exclude=True, repr=False)
    """Set by `load_settings`."""
