"""Signed bodies of webhooks: whoever knows the secret can tell that a body is ours and when it was sent.

The header `Matcher-Signature` is `t=SECONDS,v1=HEX`: seconds since 1970, and the HMAC-SHA-256, with the secret in UTF-8
as its key, over SECONDS, a full stop and the body as it was received, byte by byte.
"""

from __future__ import annotations

import hashlib
import hmac
import re

HEADER = "Matcher-Signature"
TOLERANCE = 300  # seconds
_FORM = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def sign(secret: str, body: bytes, at: float) -> str:
    """The value of the header for a body that is sent at a time, in seconds since 1970."""
    return f"t={int(at)},v1={_mac(secret, str(int(at)), body)}"


def verify(secret: str, header: str, body: bytes, now: float, tolerance: float = TOLERANCE) -> bool:
    """Whether a body was signed with this secret, at most `tolerance` seconds before or after `now`; in constant time.

    A receiver looks at the event's `id` too: the same event may come twice, and then has the same id.
    """
    found = _FORM.fullmatch(header)
    if found is None:
        return False
    return hmac.compare_digest(_mac(secret, found[1], body), found[2]) and abs(now - int(found[1])) <= tolerance


def _mac(secret: str, seconds: str, body: bytes) -> str:
    return hmac.new(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
