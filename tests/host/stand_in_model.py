"""A model server that misbehaves as a file says: run in the model's own image, in its place.

usage: stand_in_model.py MODE_FILE; the file holds one of: good, hang, status 500, nan, html, flood.
"""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = 8000
GIB = 1024**3
ANSWERS = {
    "good": (200, b"12345.5"),
    "status 500": (500, b"12345.5"),
    "nan": (200, b"NaN"),
    "html": (200, b"<!DOCTYPE html><html><body>12345.5</body></html>"),
}


class Handler(BaseHTTPRequestHandler):
    mode_file: Path

    def do_GET(self) -> None:
        while (mode := self.mode_file.read_text().strip()) == "hang":
            time.sleep(0.1)
        if mode == "flood":
            self._flood()
        else:
            status, body = ANSWERS[mode]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def _flood(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(GIB))
        self.end_headers()
        chunk = b"1" * 65536
        for _ in range(GIB // len(chunk)):
            self.wfile.write(chunk)


if __name__ == "__main__":
    Handler.mode_file = Path(sys.argv[1])
    ThreadingHTTPServer(("", PORT), Handler).serve_forever()
