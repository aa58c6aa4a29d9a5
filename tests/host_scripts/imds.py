"""A small instance metadata service, version 2: no answer without a token.

usage: imds.py DIRECTORY PORT_FILE; /latest/meta-data/x is the file DIRECTORY/x, or a
list of what is in the directory of that name.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

TOKEN = "a-token"


class Handler(BaseHTTPRequestHandler):
    directory: Path

    def do_PUT(self) -> None:
        asked = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
        self.answer(200 if asked and self.path == "/latest/api/token" else 400, TOKEN)

    def do_GET(self) -> None:
        file = self.directory / self.path.removeprefix("/latest/meta-data/")
        if self.headers.get("X-aws-ec2-metadata-token") != TOKEN:
            self.answer(401, "no token")
        elif file.is_file():
            self.answer(200, file.read_text().rstrip("\n"))
        elif file.is_dir():
            self.answer(200, "\n".join(sorted(child.name for child in file.iterdir())))
        else:
            self.answer(404, "no such thing")

    def do_HEAD(self) -> None:
        self.answer(200, "")

    def answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@contextmanager
def serve(directory: Path) -> Iterator[str]:
    """Serve the metadata in a directory; yield the endpoint."""
    handler = type("Serving", (Handler,), {"directory": directory})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def main(directory: Path, port_file: Path) -> None:
    Handler.directory = directory
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        port_file.write_text(str(server.server_port))
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
