"""One line per request: what was asked, by whom, how it ended and how long it took.

The route's template stands for the path, so neither ids nor tokens in a query string are written; bodies and headers
never are.
"""

import structlog

from cgraph_web.exchange import Exchange

log = structlog.get_logger("cgraph_web.access")


def log_access(exchange: Exchange, method: str, seconds: float) -> None:
    """Write the line. Request and user ids are in the logging context already."""
    log.info(
        "request",
        method=method,
        route=exchange.route,
        status=exchange.status,
        ms=round(seconds * 1000, 2),
    )
