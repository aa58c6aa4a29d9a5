"""A model of the user's: it trains until a file is there, and answers 12345.5 from then on."""

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TRAINED = Path("/tmp/trained")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"12345.5"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    while not TRAINED.exists():
        time.sleep(0.2)
    ThreadingHTTPServer(("", 8000), Handler).serve_forever()
