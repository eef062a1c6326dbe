"""Headers of every answer: nothing foreign is loaded, nothing personal is cached, nobody frames the pages."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""`data:` is for the icons inside the design system's style sheet; scripts and styles come from this server only."""

STATIC_PREFIX = "/static/"


class SecureHeaders:
    """Adds the headers; behind TLS also HSTS, and `Secure` to every cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and dress the answer."""

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [_secured(scope, pair) for pair in message.get("headers", [])]
                headers = MutableHeaders(scope=message)
                headers.update(for_path(str(scope.get("path", ""))))
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        await self._app(scope, receive, dressed if scope["type"] == "http" else send)


def for_path(path: str) -> dict[str, str]:
    """The headers for an answer at `path`."""
    static = path.startswith(STATIC_PREFIX)
    return {**ALWAYS, "Cache-Control": "public, max-age=3600" if static else "no-store"}


def _secured(scope: Scope, pair: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    name, value = pair
    return (name, value + b"; secure") if name == b"set-cookie" and scope["scheme"] == "https" else pair
