import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgraph.accounts import InvalidToken, Keys, TokenExpired
from cgraph.accounts.access import AccessTokens

OLD, NEW = "old-secret-old-secret-old-secret", "new-secret-new-secret-new-secret"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
USER, SESSION, PAIR = UUID(int=1), UUID(int=2), UUID(int=3)


def tokens(keys: Keys | None = None, issuer: str = "chat.example.org") -> AccessTokens:
    return AccessTokens(keys or Keys("new", {"new": NEW}), issuer=issuer, seconds=900)


def issue(keys: Keys | None = None, issuer: str = "chat.example.org") -> str:
    return tokens(keys, issuer).issue(USER, SESSION, PAIR, NOW)


def forge(
    header: dict[str, object], claims: dict[str, object] | None = None, secret: str = NEW
) -> str:
    """A token signed with our secret that says other things."""
    ours = {"alg": "HS256", "typ": "at+jwt", "kid": "new"}
    said = json.loads(decode(issue().split(".")[1])) | (claims or {})
    parts = f"{encode(ours | header)}.{encode(said)}"
    digest = "sha512" if header.get("alg") == "HS512" else "sha256"
    signature = hmac.digest(secret.encode(), parts.encode(), digest)
    return f"{parts}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def encode(part: dict[str, object]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def decode(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


class TestRead:
    def test_says_what_was_issued(self) -> None:
        claims = tokens().read(issue(), NOW)
        assert (claims.sub, claims.sid, claims.pid) == (USER, SESSION, PAIR)
        assert claims.exp - claims.iat == 900

    def test_names_its_key_and_kind(self) -> None:
        header = json.loads(decode(issue().split(".")[0]))
        assert header == {"alg": "HS256", "typ": "at+jwt", "kid": "new"}

    def test_holds_until_its_time_is_over(self) -> None:
        tokens().read(issue(), NOW + timedelta(seconds=899))
        with pytest.raises(TokenExpired):
            tokens().read(issue(), NOW + timedelta(seconds=900))

    def test_keys_can_be_rotated(self) -> None:
        before = issue(Keys("old", {"old": OLD}))
        during = Keys("new", {"new": NEW, "old": OLD})
        assert tokens(during).read(before, NOW)
        assert tokens(during).read(issue(during), NOW)
        with pytest.raises(InvalidToken):
            tokens(Keys("new", {"new": NEW})).read(before, NOW)

    def test_another_installation_s_token_is_none_of_ours(self) -> None:
        with pytest.raises(InvalidToken):
            tokens().read(issue(issuer="other.example.org"), NOW)

    def test_forgery_itself_works(self) -> None:
        assert tokens().read(forge({}), NOW)

    @pytest.mark.parametrize(
        "header",
        [
            {"alg": "HS512"},
            {"typ": "JWT"},
            {"typ": None},
            {"kid": "other"},
            {"kid": None},
            {"kid": ["new"]},
            {"kid": {}},
            {"crit": ["exp"]},
            {"b64": False, "crit": ["b64"]},
        ],
    )
    def test_the_header_must_be_ours(self, header: dict[str, object]) -> None:
        with pytest.raises(InvalidToken):
            tokens().read(forge(header), NOW)

    @pytest.mark.parametrize(
        "claims",
        [
            {"sub": "ann"},
            {"sid": None},
            {"pid": 7},
            {"exp": "never"},
            {"exp": 1e400},
            {"iss": None},
        ],
    )
    def test_the_claims_must_be_ours(self, claims: dict[str, object]) -> None:
        with pytest.raises(InvalidToken):
            tokens().read(forge({}, claims), NOW)

    def test_another_secret_is_not_believed(self) -> None:
        with pytest.raises(InvalidToken):
            tokens().read(forge({}, secret=OLD), NOW)

    def test_none_is_no_algorithm(self) -> None:
        _, payload, _ = issue().split(".")
        header = urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt","kid":"new"}').rstrip(b"=")
        for signature in ("", "AAAA"):
            with pytest.raises(InvalidToken):
                tokens().read(f"{header.decode()}.{payload}.{signature}", NOW)

    @given(st.integers(0, 400), st.characters())
    def test_a_changed_token_is_never_believed(self, at: int, character: str) -> None:
        token = issue()
        at %= len(token)
        changed = token[:at] + character + token[at + 1 :]
        header, payload, signature = token.split(".")
        try:
            claims = tokens().read(changed, NOW)
        except InvalidToken:
            return
        # The last character of base64 has bits nobody reads.
        assert changed.startswith(f"{header}.{payload}.{signature[:-1]}")
        assert claims.sub == USER

    @given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_.-]{0,200}", fullmatch=True))
    def test_whatever_comes_is_answered(self, token: str) -> None:
        with pytest.raises(InvalidToken):
            tokens().read(token, NOW)

    def test_nothing_long_is_even_looked_at(self) -> None:
        with pytest.raises(InvalidToken):
            tokens().read("a" * 1_000_000, NOW)


class TestKeys:
    def test_tell_no_secret(self) -> None:
        assert NEW not in repr(Keys("new", {"new": NEW}))

    def test_the_current_one_must_be_there(self) -> None:
        with pytest.raises(ValueError, match="no secret"):
            Keys("new", {"old": OLD})
