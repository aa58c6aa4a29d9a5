#!/usr/bin/python3
"""Forward the model server's log to the journal, up to a limit.

Docker's syslog driver sends each line as a datagram. An untrusted model could fill the disk, or
cost money in CloudWatch: lines above the limit stay in the socket, and the kernel drops and counts
them. `docker logs` keeps them, up to its cache.
"""

import re
import socket
import struct
import sys
import time

from report import harmless

PORT = 5514
LINES, BYTES, SECONDS = 1000, 128 * 1024, 60
EVENT_BYTES = 26  # CloudWatch's overhead per event
SO_RXQ_OVFL = 40  # https://man7.org/linux/man-pages/man7/socket.7.html


def pass_on(receiver: socket.socket, seconds: float = SECONDS) -> None:
    """Print what arrives, up to `LINES` and `BYTES` per interval; never return."""
    receiver.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
    end, lines, size, dropped = 0.0, LINES, BYTES, 0
    while True:
        datagram, notes, _, _ = receiver.recvmsg(1 << 16, socket.CMSG_SPACE(4))
        count = struct.unpack("I", notes[0][2])[0] if notes else 0
        if count > dropped:
            print(f"allora: {count - dropped} lines were dropped")
            dropped = count
        if time.monotonic() >= end:
            end, lines, size = time.monotonic() + seconds, LINES, BYTES
        # After `<30>Nov 29 02:00:00 ip model[1]: `.
        text = harmless(re.sub(r"^<.*?\]: ", "", datagram.decode(errors="replace")))
        print(text, flush=True)
        lines -= 1
        size -= len(text.encode()) + EVENT_BYTES
        if lines <= 0 or size <= 0:
            print(f"allora: {LINES} lines or {BYTES} bytes in {seconds} s: what follows is dropped")
            sys.stdout.flush()
            time.sleep(max(end - time.monotonic(), 0))


def main() -> None:
    """Receive from Docker."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", PORT))
        pass_on(receiver)


if __name__ == "__main__":
    main()
