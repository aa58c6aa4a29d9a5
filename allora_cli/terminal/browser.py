"""Open a page in the user's browser."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Final

_TEXT_BROWSERS: Final = {"www-browser", "links", "elinks", "lynx", "w3m"}
"""What `webbrowser` falls back to without a desktop; the AWS console needs scripts."""


def open_page(url: str) -> bool:
    """Open a page; return whether there is a browser for it."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    name = Path(str(getattr(browser, "name", ""))).name
    return name not in _TEXT_BROWSERS and browser.open(url)
