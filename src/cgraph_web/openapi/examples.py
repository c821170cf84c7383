"""An example for every schema: what its author gave, else what the field's name suggests, else what its type allows."""

from typing import Any

from .schemas import Schema, Schemas

UUID = "01933e5c-7a10-7c3e-9d52-5b0a4f6e2c11"
TIME = "2026-01-31T12:00:00.123456Z"

BY_NAME: dict[str, Any] = {
    "after": None,
    "avatar_url": "https://example.org/ada.png",
    "before": None,
    "client_id": "a7c1d0f2",
    "content": "Hello, world",
    "display_name": "Ada Lovelace",
    "email": "ada@example.org",
    "emoji": "👍",
    "expires_in": 900,
    "login": "ada",
    "password": "correct horse battery staple",
    "status_text": "at lunch",
    "username": "ada",
}
BY_FORMAT = {"uuid": UUID, "date-time": TIME, "date": TIME[:10], "uri": "https://example.org"}
BY_TYPE: dict[str, Any] = {
    "string": "text",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "null": None,
}


def example_of(schemas: Schemas, schema: Schema, name: str = "", depth: int = 0) -> Any:
    """A value that fits the schema; a type within itself is shown twice at most."""
    schema = schemas.resolve(schema)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if "const" in schema:
        return schema["const"]
    if branches := schema.get("anyOf") or schema.get("oneOf"):
        return _first(schemas, branches, name, depth)
    match schema.get("type"):
        case "object":
            return _object(schemas, schema, depth)
        case "array":
            items = schema.get("items")
            return [example_of(schemas, items, name, depth + 1)] if items and depth < 8 else []  # noqa: PLR2004
        case kind:
            return _scalar(schema, kind, name)


def _first(schemas: Schemas, branches: list[Schema], name: str, depth: int) -> Any:
    if name in BY_NAME and BY_NAME[name] is None:
        return None
    telling = [branch for branch in branches if branch.get("type") != "null"]
    return example_of(schemas, telling[0], name, depth) if telling else None


def _object(schemas: Schemas, schema: Schema, depth: int) -> dict[str, Any]:
    if depth > 9:  # noqa: PLR2004
        return {}
    return {
        name: example_of(schemas, field, name, depth + 1)
        for name, field in schema.get("properties", {}).items()
    }


def _scalar(schema: Schema, kind: Any, name: str) -> Any:
    if schema.get("format") in BY_FORMAT:
        return BY_FORMAT[schema["format"]]
    if name in BY_NAME and _fits(BY_NAME[name], kind):
        return BY_NAME[name]
    if "default" in schema:
        return schema["default"]
    value = BY_TYPE.get(kind)
    if kind == "string":
        return str(value).ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
    if kind in {"integer", "number"}:
        return max(value, schema.get("minimum", value)) if value is not None else None
    return value


def _fits(value: Any, kind: Any) -> bool:
    return isinstance(value, str) == bool(kind == "string")
