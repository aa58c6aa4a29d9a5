"""The settings of a deployment, as one type."""

from pydantic import Field

from settings.sections.account import Account
from settings.sections.data_volume import DataVolume
from settings.sections.instance import Instance
from settings.sections.model_server import ModelServer
from settings.sections.monitoring import Monitoring
from settings.sections.network import Network
from settings.sections.state import State
from settings.sections.worker import Worker


class Settings(Monitoring, Worker, ModelServer, DataVolume, Instance, Network, State, Account):
    """Everything that a deployment can be told, checked and complete.

    Make one with `settings.load_settings`. Attributes are named after what they are; the variable
    that sets each, its meaning, default and limits are in its section (docs/configuration.md).

    Pydantic validates the fields of the last base first: `Account` is the earliest section, and
    `Monitoring` the latest.
    """

    warnings: tuple[str, ...] = Field(default=(), exclude=True, repr=False)
    """What the user should know although nothing is wrong; set by `load_settings`."""
