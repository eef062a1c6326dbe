"""Login of the simulator: credentials in, a token like a JWT out, which runs out in simulated time."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from gateway.testing.epost.codes import Reject

MAX_TOKEN_MINUTES = 1440


def new_key() -> str:
    """A signing key."""
    return secrets.token_hex(32)


def issue(key: str, ekp: str, now: datetime, minutes: object) -> str:
    """A token for one account; `minutes` is what the client asks for, at most a day."""
    asked = minutes if isinstance(minutes, int) and not isinstance(minutes, bool) else MAX_TOKEN_MINUTES
    expires = now + timedelta(minutes=max(1, min(asked, MAX_TOKEN_MINUTES)))
    head = _encoded(b'{"alg":"HS256","typ":"JWT"}')
    claims = _encoded(json.dumps({"sub": ekp, "exp": expires.timestamp()}).encode())
    return f"{head}.{claims}.{_signature(key, f'{head}.{claims}')}"


def check(key: str, header: str | None, now: datetime) -> None:
    """Raises `Reject` (401, E101) unless the Authorization header carries a token of ours that still runs."""
    scheme, _, token = (header or "").partition(" ")
    signed, _, signature = token.rpartition(".")
    if scheme != "Bearer" or not hmac.compare_digest(signature, _signature(key, signed)):
        raise Reject("E101", 401)
    claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
    if claims["exp"] <= now.timestamp():
        raise Reject("E101", 401)


def check_credentials(given: Mapping[str, object], wanted: Mapping[str, str]) -> None:
    """Raises `Reject` (401, E001) unless vendor, EKP, secret and password are right."""
    if any(given.get(name) != value for name, value in wanted.items()):
        raise Reject("E001", 401)


def _signature(key: str, signed: str) -> str:
    return _encoded(hmac.new(key.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).digest())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
