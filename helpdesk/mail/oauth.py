"""Access tokens for servers that take no passwords (OAuth 2.0, RFC 6749 section 6).

An admin brings a refresh token, made once at the provider; access tokens are fetched with it, kept
in memory until shortly before they end, and never stored. A provider that replaces the refresh
token has the new one stored in its place.
"""

from typing import Annotated

import httpx
import msgspec
import trio

from helpdesk.mail.settings import MailSettings, MailValues

REQUEST_S = 30.0
MAX_ANSWER_BYTES = 64 * 1024
_EARLY_S = 120.0
_SHORTEST_S = 60.0


class NoToken(Exception):
    """No access token could be had; the message says why, without any secret."""


class _Answer(msgspec.Struct):
    access_token: Annotated[str, msgspec.Meta(min_length=1, max_length=16_000)]
    expires_in: float = 3600.0
    refresh_token: Annotated[str, msgspec.Meta(max_length=4_000)] = ""


class _Refusal(msgspec.Struct):
    error: str = ""


class Tokens:
    """The access token of this help desk's mailbox."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        self._turn = trio.Lock()
        self._token = ""
        self._until = 0.0
        self._for: tuple[str, str, str] = ("", "", "")

    async def get(self, values: MailValues) -> str:
        """Return a token that is good for some time; raises ``NoToken``."""
        asked = (values.oauth_token_url, values.oauth_client_id, values.oauth_scope)
        async with self._turn:
            if self._for != asked or trio.current_time() > self._until:
                self._token, seconds = await self._fetch(values)
                self._for = asked
                self._until = trio.current_time() + max(_SHORTEST_S, seconds - _EARLY_S)
            return self._token

    def forget(self) -> None:
        """Fetch another at the next use: the server has refused this one."""
        self._until = 0.0

    async def _fetch(self, values: MailValues) -> tuple[str, float]:
        refresh = await self._settings.secret("oauth_refresh_token")
        if not refresh:
            raise NoToken("no refresh token is set")
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh,
            "client_id": values.oauth_client_id,
        }
        if secret := await self._settings.secret("oauth_client_secret"):
            form["client_secret"] = secret
        if values.oauth_scope:
            form["scope"] = values.oauth_scope
        status, body = await _post(values.oauth_token_url, form)
        if status != 200:
            raise NoToken(f"the provider refuses the refresh token: {_why(status, body)}")
        try:
            answer = msgspec.json.decode(body, type=_Answer)
        except msgspec.DecodeError:
            raise NoToken("the provider's answer is not a token") from None
        if answer.refresh_token and answer.refresh_token != refresh:
            await self._settings.keep_secret("oauth_refresh_token", answer.refresh_token)
        return answer.access_token, answer.expires_in


async def _post(url: str, form: dict[str, str]) -> tuple[int, bytes]:
    try:
        with trio.fail_after(REQUEST_S):
            async with (
                httpx.AsyncClient(timeout=REQUEST_S, trust_env=False) as client,
                client.stream("POST", url, data=form) as response,
            ):
                announced = response.headers.get("content-length", "0")
                if not announced.isdigit() or int(announced) > MAX_ANSWER_BYTES:
                    raise NoToken("the provider's answer is too long")
                body = bytearray()
                async for piece in response.aiter_bytes():
                    body += piece
                    if len(body) > MAX_ANSWER_BYTES:
                        raise NoToken("the provider's answer is too long")
                return response.status_code, bytes(body)
    except (httpx.HTTPError, trio.TooSlowError) as exc:
        raise NoToken(f"the provider cannot be reached: {type(exc).__name__}") from None


def _why(status: int, body: bytes) -> str:
    try:
        error = msgspec.json.decode(body, type=_Refusal).error
    except msgspec.DecodeError:
        error = ""
    known = "".join(c for c in error if c.isascii() and (c.isalnum() or c == "_"))[:60]
    return known or f"status {status}"
