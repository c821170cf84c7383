"""JSON Schemas of our types: msgspec's own, with the docstrings of structs and fields as descriptions."""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import Any, get_args, get_origin

import msgspec

from cgraph_web.response import Reply, Response
from cgraph_web.views.base import Cursors, Data, Many

Schema = dict[str, Any]

_REF = "#/components/schemas/{name}"


class Schemas:
    """The schemas of some types, and the components they refer to."""

    def __init__(self, types: Iterable[Any]) -> None:
        inner = {repr(part): part for type in types for part in _parts(type)}
        found, self.components = msgspec.json.schema_components(inner.values(), ref_template=_REF)
        self._by_type = dict(zip(inner, found, strict=True))
        for part in inner.values():
            self._describe(part, set())

    def of(self, type: Any) -> Schema:
        """The schema of one of the types; the envelopes are written out, so that the reader sees them."""
        type = unwrap(type)
        if get_origin(type) is Data:
            return _object({"data": self.of(get_args(type)[0])})
        if get_origin(type) is Many:
            items: Schema = {"type": "array", "items": self.of(get_args(type)[0])}
            return _object({"data": items, "page": self.of(Cursors)})
        return self._by_type[repr(type)]

    def fields(self, struct: type[msgspec.Struct]) -> tuple[Mapping[str, Schema], set[str]]:
        """The properties of a struct's component, and which of them are required."""
        component = self.resolve(self._by_type[repr(struct)])
        return component["properties"], set(component.get("required", ()))

    def resolve(self, schema: Schema) -> Schema:
        """What a reference stands for."""
        while "$ref" in schema:
            schema = self.components[schema["$ref"].rpartition("/")[2]]
        return schema

    def _describe(self, type: Any, seen: set[Any]) -> None:
        """Add field docs to the component of every struct within a type."""
        if repr(type) in seen:
            return
        seen.add(repr(type))
        for argument in get_args(type):
            self._describe(argument, seen)
        struct = get_origin(type) or type
        if not (inspect.isclass(struct) and issubclass(struct, msgspec.Struct)):
            return
        properties = self.components.get(struct.__name__, {}).get("properties", {})
        for field in msgspec.structs.fields(type):
            if schema := properties.get(field.encode_name):
                if doc := field_docs(struct).get(field.name):
                    schema.setdefault("description", doc)
                if datetime in (field.type, *get_args(field.type)):
                    _say_date_time(schema)
            self._describe(field.type, seen)


def unwrap(type: Any) -> Any:
    """The type of the body in a `Reply`."""
    return get_args(type)[0] if get_origin(type) is Reply else type


def has_body(type: Any) -> bool:
    """Whether an answer of this type is JSON of a known shape."""
    return unwrap(type) not in {None, type_of_none, Response, Any}


type_of_none = type(None)


@cache
def field_docs(struct: type) -> dict[str, str]:
    """The docstrings under a struct's fields, its bases' included."""
    docs: dict[str, str] = {}
    for base in reversed(struct.__mro__):
        if base is not msgspec.Struct and issubclass(base, msgspec.Struct):
            docs |= _docs_in(base)
    return docs


def _docs_in(struct: type) -> dict[str, str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(struct)))
    except (OSError, TypeError):  # made at run time, or shipped without source
        return {}
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    return {
        field.target.id: inspect.cleandoc(doc.value.value)
        for field, doc in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(doc, ast.Expr)
        and isinstance(doc.value, ast.Constant)
        and isinstance(doc.value.value, str)
    }


def _parts(type: Any) -> list[Any]:
    type = unwrap(type)
    if get_origin(type) is Data:
        return _parts(get_args(type)[0])
    if get_origin(type) is Many:
        return [*_parts(get_args(type)[0]), Cursors]
    return [type]


def _say_date_time(schema: Schema) -> None:
    """msgspec says so only of times that must have a zone; ours always have one."""
    for branch in schema.get("anyOf", [schema]):
        if branch.get("type") == "string":
            branch.setdefault("format", "date-time")


def _object(properties: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}
