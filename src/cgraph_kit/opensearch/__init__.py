"""OpenSearch over HTTP: a cluster's nodes, and whole bulks of documents written item by item."""

from .address import PREFIX, Cluster, parse_cluster
from .bulk import Delete, Operation, Put, Rejected, write
from .client import Answer, Away, OpenSearch, Refused, TimedOut

__all__ = [
    "PREFIX",
    "Answer",
    "Away",
    "Cluster",
    "Delete",
    "OpenSearch",
    "Operation",
    "Put",
    "Refused",
    "Rejected",
    "TimedOut",
    "parse_cluster",
    "write",
]
