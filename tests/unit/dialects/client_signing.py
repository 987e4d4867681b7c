"""Client upload signatures as the vendor's documents describe them, written independently of what reads them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from urllib.parse import urlencode

from cliploop.domain.access_key import AccessKey

NOW_S = 1_700_000_000
KEY = AccessKey("AKIDexample", "sëcret", "0" * 32)
PLAIN = {"secretId": KEY.key_id, "currentTimeStamp": str(NOW_S), "expireTime": str(NOW_S + 86_400), "random": "1"}


def key_of(key_id: str) -> AccessKey | None:
    return KEY if key_id == KEY.key_id else None


def sign(original: bytes, secret: str = KEY.secret) -> str:
    return base64.b64encode(hmac.new(secret.encode(), original, hashlib.sha1).digest() + original).decode()


def signature(**said: object) -> str:
    """The signature of the required parameters and ``said``; None leaves one out."""
    parameters = {name: value for name, value in {**PLAIN, **said}.items() if value is not None}
    return sign(urlencode(parameters).encode())
