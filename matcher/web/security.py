"""What keeps other sites, caches and scripts out: headers of every answer, cookies, proofs that a form is ours."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Nothing runs, loads or is sent but from and to this very server; no page of others may frame it. Pictures may lie in
# a page itself: those of a search's photo, which is kept nowhere.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Robots-Tag": "noindex",
}
# What an answer may say otherwise: a page that brings its style along, and what is there for pages of others.
_OWN = {"Content-Security-Policy", "Cross-Origin-Resource-Policy"}
_POSITION = "camera=(), microphone=(), geolocation=(self)"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # what may go into a log and a header as it came


class Guard:
    """Adds the headers to every answer. Nothing may be kept by a browser or proxy but the program's own files."""

    def __init__(self, app: ASGIApp, secure: bool, asks_position: bool = False) -> None:
        """`asks_position`: pages may ask a device where it is, if its owner wants that."""
        self._app = app
        self._secure = secure
        self._asks_position = asks_position

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["secure"] = self._secure
        scope["request_id"] = _request_id(Headers(scope=scope).get("x-request-id", ""))

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                protect(headers, scope)
                if self._asks_position:
                    headers["Permissions-Policy"] = _POSITION
            await send(message)

        await self._app(scope, receive, guarded)


def protect(headers: MutableHeaders, scope: Scope) -> None:
    """Put the headers of every answer into those of one, the answer to a request that came through `Guard`."""
    headers.update({name: text for name, text in HEADERS.items() if name not in _OWN or name not in headers})
    headers.setdefault("Cache-Control", "private, no-store")  # `Assets` says how long its files are kept
    headers["X-Request-Id"] = scope["request_id"]
    if scope["secure"]:
        headers["Strict-Transport-Security"] = "max-age=31536000"


def for_others(response: Response, *, read: bool = False) -> Response:
    """Let pages of other sites show what is public anyway; `read`: their scripts may read it, without any cookie."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if read:
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _request_id(given: str) -> str:
    """The id that a proxy gave, or a new one in its place where it could be anything else than an id."""
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def cookie_name(secure: bool) -> str:
    """The name of the session's cookie; the prefix lets browsers take it over TLS from this very host only."""
    return "__Host-matcher" if secure else "matcher"


def set_session(response: Response, token: str, secure: bool) -> None:
    """Give a browser the token of its session, out of reach of scripts and of other sites."""
    response.set_cookie(cookie_name(secure), token, httponly=True, samesite="strict", secure=secure, path="/")


def end_session(response: Response, secure: bool) -> None:
    """Take a browser's token away."""
    response.delete_cookie(cookie_name(secure), httponly=True, samesite="strict", secure=secure, path="/")


def form_token(session_token: str) -> str:
    """The proof that a form was given out to this very session."""
    return hmac.new(session_token.encode(errors="surrogatepass"), b"form", hashlib.sha256).hexdigest()


def is_form_token(session_token: str, given: str) -> bool:
    """Whether this is that proof."""
    return hmac.compare_digest(form_token(session_token).encode(), given.encode(errors="replace"))


def is_own_page(headers: Headers) -> bool:
    """Whether a browser says that a request comes from a page of this server; programs that say nothing are no
    browsers, and hold no cookie that was not theirs.
    """
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == headers.get("host")
    return headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
