"""Pages are opened in the user's browser, and in none that cannot show them."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest

from allora_cli.terminal.browser import open_page

URL = "https://console.example/"


def test_the_user_s_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}\n')
    browser.chmod(0o755)
    # As $BROWSER, which the module reads when it is imported.
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser(str(browser)))
    assert open_page(URL)
    assert opened.read_text() == URL


def test_a_browser_without_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = tmp_path / "lynx"
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.GenericBrowser(str(browser)))
    assert not open_page(URL)


def test_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    def get() -> None:
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "get", get)
    assert not open_page(URL)
