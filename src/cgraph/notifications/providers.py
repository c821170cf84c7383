"""Who carries pushes, as the operator has set it up."""

from pathlib import Path

from cgraph.settings import Settings, SettingsError, variable
from cgraph_kit.guard import Fetcher
from cgraph_kit.push import (
    Apns,
    ApnsKey,
    Fcm,
    Pushers,
    ServiceAccount,
    Vapid,
    VapidKeys,
    WebPush,
    trusting,
)

ENDPOINT_SECONDS = 10.0
"""What a browser's push service may take: who dawdles holds up everybody's pushes."""
ENDPOINT_ANSWER = 65_536
"""Bytes it may answer; nobody reads them."""


def open_pushers(settings: Settings, vapid_key: str) -> Pushers:
    """A pusher for each platform that has its keys; `vapid_key` is the setting's, or one's own in development.

    They are to be closed. Raises `SettingsError` for keys that are none.
    """
    found: list[WebPush | Fcm | Apns] = []
    if vapid_key:
        found.append(_webpush(settings, vapid_key))
    if settings.fcm_service_account is not None:
        found.append(_fcm(settings, settings.fcm_service_account))
    if settings.apns_key_file is not None:
        found.append(_apns(settings, settings.apns_key_file))
    return Pushers(*found)


def _webpush(settings: Settings, key: str) -> WebPush:
    try:
        keys = VapidKeys(key)
    except ValueError as error:
        raise _wrong("vapid_private_key", error) from None
    try:
        fetcher = Fetcher(
            allow=settings.push_allow_networks,
            tls=trusting(settings.push_ca_file),
            seconds=ENDPOINT_SECONDS,
            most=ENDPOINT_ANSWER,
        )
    except ValueError as error:
        raise _wrong("push_allow_networks", error) from None
    except OSError as error:
        raise _wrong("push_ca_file", error) from None
    return WebPush(Vapid(keys, settings.vapid_contact), fetcher)


def _fcm(settings: Settings, file: Path) -> Fcm:
    try:
        account = ServiceAccount.read(file.read_bytes())
    except (OSError, ValueError) as error:
        raise _wrong("fcm_service_account", error) from None
    try:
        return Fcm(account, url=settings.fcm_url, tls=trusting(settings.push_ca_file))
    except OSError as error:
        raise _wrong("push_ca_file", error) from None


def _apns(settings: Settings, file: Path) -> Apns:
    try:
        key = ApnsKey.read(file.read_text(), settings.apns_key_id, settings.apns_team_id)
    except (OSError, ValueError) as error:
        raise _wrong("apns_key_file", error) from None
    try:
        return Apns(
            key,
            settings.apns_topic,
            sandbox=settings.apns_sandbox,
            url=settings.apns_url,
            tls=trusting(settings.push_ca_file),
        )
    except OSError as error:
        raise _wrong("push_ca_file", error) from None


def _wrong(name: str, error: Exception) -> SettingsError:
    return SettingsError(f"{variable(name)}: {error}")
