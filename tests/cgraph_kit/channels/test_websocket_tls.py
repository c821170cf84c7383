"""The same over TLS, where the event loop counts what is left to write in another way."""

import ipaddress
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from cgraph_kit.channels.transport import binary_frame
from cgraph_kit.channels.websocket import WebSocketLimits
from cgraph_kit.clock import now
from support.websocket import CLOSE, TEXT, Mount, Running, closing, frame, serving, until


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    return path


class TestTls:
    @pytest.fixture
    def mount(self) -> Mount:
        return Mount()

    @pytest.fixture
    async def running(self, certificate: Path, mount: Mount) -> AsyncIterator[Running]:
        path = str(certificate)
        async with serving(
            mount, limits=WebSocketLimits(close=0.2), ssl_certfile=path, ssl_keyfile=path
        ) as running:
            running.tls = ssl.create_default_context(cafile=path)
            yield running

    async def test_carries_messages(self, running: Running, mount: Mount) -> None:
        client = await running.connect()
        for size in (1, 200_000, 2):
            await client.send(frame(TEXT, b"*" * size))
            assert await client.frame() == (TEXT, b"*" * size)
        assert mount.handshakes[-1].scheme == "https"
        await client.send(closing(1000))
        assert await client.frames() == [(CLOSE, b"\x03\xe8")]

    async def test_fails_a_peer_that_breaks_a_rule(self, running: Running) -> None:
        client = await running.connect()
        await client.send(frame(TEXT, b"fine") + frame(3))
        assert await client.frames() == [(TEXT, b"fine"), (CLOSE, b"\x03\xea")]

    async def test_pauses_and_resumes(self, running: Running, mount: Mount) -> None:
        client = await running.connect()
        receiver = mount.receivers[0]
        assert not receiver.transport.paused
        sent = 0
        while not receiver.transport.paused:
            receiver.transport.write(binary_frame(bytes(16384)))
            sent += 1
        for _ in range(sent):
            await client.frame()
        await until(lambda: receiver.told == ["pause", "resume"])
