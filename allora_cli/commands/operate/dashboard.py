"""`allora dashboard`."""

from __future__ import annotations

from allora_cli.commands.worker_option import Worker
from allora_cli.terminal import console


def dashboard(*, worker: Worker = None, json: console.Json = False) -> None:
    """Open the worker's CloudWatch dashboard in the browser, and print its URL.

    Without a browser, in a pipe and with --json, it only prints the URL. A fleet has one for all
    workers.

    Example: allora dashboard
    """
    from allora_cli.aws.session import is_embedded
    from allora_cli.context import meant_fleet, open_context
    from allora_cli.fleet.deployment import require_dashboard
    from allora_cli.terminal.browser import open_page
    from allora_cli.terraform.deployment import require_deployment

    context = open_context(worker)
    if fleet := meant_fleet(context, worker):
        url = require_dashboard(fleet)
    else:
        url = require_deployment(context).dashboard_url
    console.show({"dashboard_url": url}, [url], json=json)
    if is_embedded():
        console.err.print("This is the embedded AWS: the page is that of a deployment on AWS.")
    elif console.out.is_terminal and not json and not open_page(url):
        console.err.print("There is no browser here: open the URL on another computer.")
