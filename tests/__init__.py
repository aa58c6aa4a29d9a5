"""The tests. What they start on this computer, no proxy of the user's could reach."""

import os

from shared.loopback import no_proxy

os.environ.update(no_proxy(os.environ))
