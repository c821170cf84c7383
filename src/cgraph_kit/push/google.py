"""Google's OAuth access tokens for a service account: a signed assertion is exchanged for one (RFC 7523)."""

import asyncio
import logging
from http import HTTPStatus
from typing import Self
from urllib.parse import urlencode

import httpx2
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from cgraph_kit import clock

from .exchange import NoAnswer, post
from .jwt import signed

log = logging.getLogger(__name__)

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
TOKENS = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_SECONDS = 3600
EARLY = 300
"""Seconds before its end a token is replaced."""


class Refused(Exception):
    """Google does not take the service account."""


class ServiceAccount(msgspec.Struct, frozen=True):
    """What matters of the JSON file the Firebase console hands out."""

    project_id: str
    client_email: str
    private_key: str
    private_key_id: str = ""
    token_uri: str = TOKENS

    @classmethod
    def read(cls, file: bytes) -> Self:
        """Raises `ValueError` for what is no such file."""
        account = msgspec.json.decode(file, type=cls)
        account.key()
        return account

    def key(self) -> RSAKey:
        try:
            return RSAKey.import_key(self.private_key)
        except (JoseError, ValueError) as error:
            raise ValueError(f"private_key is not an RSA key in PEM: {error}") from None

    def __repr__(self) -> str:
        return f"ServiceAccount({self.client_email!r}, …)"


class _Issued(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float = 3600.0


class AccessTokens:
    """Fetches a token when one is needed, once for all who wait, and hands it out until it is nearly over."""

    def __init__(self, account: ServiceAccount, client: httpx2.AsyncClient) -> None:
        self._account = account
        self._key = account.key()
        self._client = client
        self._fetching = asyncio.Lock()
        self._token = ""
        self._until = 0.0

    async def get(self) -> str:
        """A token. Raises `Refused` or `NoAnswer`."""
        async with self._fetching:
            if clock.now().timestamp() >= self._until:
                issued = await self._fetch()
                self._token = issued.access_token
                self._until = clock.now().timestamp() + issued.expires_in - EARLY
            return self._token

    def forget(self, token: str) -> None:
        """This token was refused: the next one asked for is new, unless it is already."""
        if token == self._token:
            self._until = 0.0

    async def _fetch(self) -> _Issued:
        form = urlencode({"grant_type": GRANT, "assertion": self._assertion()}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await post(self._client, self._account.token_uri, form, headers)
        if answer.status_code == HTTPStatus.OK:
            try:
                return msgspec.json.decode(answer.content, type=_Issued)
            except msgspec.MsgspecError as error:
                raise NoAnswer(f"the token endpoint answered nonsense: {error}") from None
        if answer.status_code in {400, 401, 403}:
            log.error("Google refuses the service account: %s", answer.text[:500])
            raise Refused(f"Google refuses the service account ({answer.status_code})")
        raise NoAnswer(f"the token endpoint answered {answer.status_code}")

    def _assertion(self) -> str:
        now = int(clock.now().timestamp())
        claims = {
            "iss": self._account.client_email,
            "scope": SCOPE,
            "aud": self._account.token_uri,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        return signed(claims, self._key, kid=self._account.private_key_id)
