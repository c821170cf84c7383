"""An S3 server on this machine."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from cgraph_kit.storage import S3Options

from .served import die_with_us, free_port

PATIENCE = 30.0


class Buckets:
    """A running server and how to get in."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.options = S3Options(endpoint=address, access_key="key", secret_key="the secret")

    def make(self) -> str:
        """The name of a new bucket."""
        name = f"bucket-{uuid4()}"
        request = urllib.request.Request(f"{self.address}/{name}", method="PUT")  # noqa: S310
        with urllib.request.urlopen(request, timeout=PATIENCE):  # noqa: S310
            return name


@contextmanager
def buckets() -> Iterator[Buckets]:
    """Started on a free port; leaving ends it."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "hypercorn", "ministack.app:app", "--bind", f"127.0.0.1:{port}"],
        env=os.environ | {"GATEWAY_PORT": str(port), "SERVICES": "s3", "LOG_LEVEL": "ERROR"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=die_with_us,  # noqa: PLW1509
    )
    try:
        address = f"http://127.0.0.1:{port}"
        _await(address, process)
        yield Buckets(address)
    finally:
        process.terminate()
        process.wait(10)


def _await(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, "the S3 server ended"
        try:
            with urllib.request.urlopen(f"{address}/_ministack/health", timeout=1):  # noqa: S310
                return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("the S3 server did not start")
