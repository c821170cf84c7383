"""What a setting may be: types that check themselves, and say what is wrong in an operator's words."""

from ipaddress import ip_network
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from cgraph_kit.limiter import parse_rate

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
Most = Annotated[int, Field(ge=0)]
"""As many; 0: no limit."""
Port = Annotated[int, Field(ge=0, le=65_535)]


def _check_rate(text: str) -> str:
    parse_rate(text)
    return text


Rate = Annotated[str, AfterValidator(_check_rate)]
"""A count, a slash and a period: "60/min", "5/5 min"."""


def _check_network(text: str) -> str:
    if text != "unix":
        ip_network(text, strict=False)
    return text


Network = Annotated[str, AfterValidator(_check_network)]
"""An address, or a network as "10.0.0.0/8"; "unix": whoever comes by a Unix socket."""


def _check_web_address(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return text


WebAddress = Annotated[str, AfterValidator(_check_web_address)]


def _check_store(text: str) -> str:
    if "://" in text and not text.startswith(("s3://", "file://")):
        raise ValueError("must be a directory, or s3://bucket/prefix")
    return text


Store = Annotated[str, AfterValidator(_check_store)]


def _one_reason(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(value)
    except ValidationError:
        raise ValueError(
            'must be true, false, conn or a JSON list such as ["https://chat.example.org"]'
        ) from None


CheckOrigin = Annotated[bool | Literal["conn"] | tuple[str, ...], WrapValidator(_one_reason)]
