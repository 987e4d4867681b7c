"""A receiver of callbacks that believes only its stack: `CALLBACK_KEY=… verify_callback.py PORT`.

The key is in the secret that the stack's output CallbackKeysSecretArn names.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import sys
import time
from collections.abc import Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = os.environ["CALLBACK_KEY"].encode()
WINDOW_S = 300


def is_genuine(headers: Mapping[str, str] | Message, body: bytes) -> bool:
    """Whether the stack has sent exactly this body, a moment ago."""
    sent = headers.get("X-Cliploop-Timestamp", "")
    if not re.fullmatch("[0-9]{1,12}", sent) or abs(time.time() - int(sent)) > WINDOW_S:
        return False
    expected = "v1=" + hmac.new(KEY, f"{sent}.".encode() + body, hashlib.sha256).hexdigest()
    given = headers.get("X-Cliploop-Signature", "").split(",")
    return any(hmac.compare_digest(expected.encode(), each.strip().encode()) for each in given)


told: set[str] = set()  # of a database in earnest, written together with what the event changes there


def take(headers: Mapping[str, str] | Message, body: bytes) -> int:
    """The status to answer with."""
    if not is_genuine(headers, body):
        return 401
    event = json.loads(body)
    if event["DeliveryId"] not in told:  # the one in the body, which is signed
        print(event)
        told.add(event["DeliveryId"])  # after the work: if that fails, the event comes again
    return 204


class Receiver(BaseHTTPRequestHandler):
    """Hands POSTs to `take`."""

    timeout = 10  # seconds that a caller may take

    def do_POST(self) -> None:
        """Answer with the status, and nothing else."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > 300_000:  # noqa: PLR2004  # an event has 240,000 bytes at most
            self.send_error(413)
            return
        self.send_response(take(self.headers, self.rfile.read(int(length))))
        self.end_headers()


if __name__ == "__main__":
    HTTPServer(("", int(sys.argv[1])), Receiver).serve_forever()
