"""Where a cluster is, and as whom it is spoken to."""

import re
from urllib.parse import unquote

import msgspec

SCHEMES = {"opensearch+https": "https", "opensearch+http": "http"}
PREFIX = "cgraph"
PORT = 9200
_URL = re.compile(
    r"(?P<scheme>[a-z+]+)://(?:(?P<who>[^@/]*)@)?(?P<hosts>[^@/?#]+)(?:/(?P<prefix>[^/?#]*))?/?"
)
_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PORT_MOST = 65_535


class Cluster(msgspec.Struct, frozen=True):
    """One cluster. `prefix` begins the names of all its indexes that are ours."""

    nodes: tuple[str, ...]
    """As `https://host:port`, each able to answer everything."""
    prefix: str = PREFIX
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        """Without who we are there: it ends up in logs."""
        return f"Cluster({self.nodes!r}, {self.prefix!r})"


def parse_cluster(url: str) -> Cluster:
    """`opensearch+https://user:password@host:9200,host2:9200/prefix`; all but the hosts may be left out.

    Raises `ValueError`, which never quotes the address: there may be a password in it.
    """
    found = _URL.fullmatch(url)
    if found is None or found["scheme"] not in SCHEMES:
        raise ValueError("must be as opensearch+https://user:password@host:9200,host2:9200/prefix")
    prefix = found["prefix"] or PREFIX
    if not _NAME.fullmatch(prefix):
        raise ValueError("the prefix must be of small letters, digits, - and _, 64 at most")
    user, _, password = (found["who"] or "").partition(":")
    scheme = SCHEMES[found["scheme"]]
    nodes = tuple(_node(scheme, host) for host in found["hosts"].split(","))
    return Cluster(nodes, prefix, unquote(user), unquote(password))


def _node(scheme: str, host: str) -> str:
    found = _HOST.fullmatch(host)
    port = int(found["port"] or PORT) if found else 0
    if found is None or not 0 < port <= _PORT_MOST:
        raise ValueError("has a host that is none: name them as host:port, with commas between")
    return f"{scheme}://{found['name']}:{port}"
