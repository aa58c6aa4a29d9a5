"""What the chain's REST API answers instead of what it was asked for."""

from __future__ import annotations

import socket
import threading

import pytest

from allora_cli import chain

_BROKEN = b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n"


def test_a_refusal_whose_body_cannot_be_read_is_told_by_its_status() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(_BROKEN)

        threading.Thread(target=refuse, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(chain.ChainError, match=r"answers with status 503$"):
            chain.find_topic(url, 1)
