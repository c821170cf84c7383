"""The OpenAPI document: of things, where every detail is known, and of the real routes, which must hold the same rules."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from cgraph_kit.ids import new_id
from cgraph_kit.validation import decode
from cgraph_web.binding import PARAMETER, bind
from cgraph_web.openapi import document
from cgraph_web.router import ROUTES, table
from support.things import THINGS, NewThing

Json = dict[str, Any]
VERBS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def things() -> Json:
    return msgspec.json.decode(document(THINGS))  # type: ignore[no-any-return]


@pytest.fixture(scope="module", params=["things", "all"])
def any_document(request: pytest.FixtureRequest) -> Json:
    routes = THINGS if request.param == "things" else ROUTES
    return msgspec.json.decode(document(routes))  # type: ignore[no-any-return]


def operations(found: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in found["paths"].items():
        for verb, operation in item.items():
            yield path, verb, operation


def within(node: Any, key: str) -> Iterator[Any]:
    """Every value under a key, at any depth."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from within(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from within(value, key)


class TestDocument:
    """What holds for every operation."""

    def test_every_shown_route_is_in_it(self, any_document: Json) -> None:
        for routes in (THINGS, ROUTES):
            shown = {(r.path, r.method.lower()) for r in routes if not r.action.hidden}
            if routes[0].path in any_document["paths"]:
                assert {(path, verb) for path, verb, _ in operations(any_document)} == shown

    def test_operation_ids_are_unique(self, any_document: Json) -> None:
        ids = [operation["operationId"] for _, _, operation in operations(any_document)]
        assert len(ids) == len(set(ids))

    def test_every_operation_is_explained(self, any_document: Json) -> None:
        for path, verb, operation in operations(any_document):
            assert operation["summary"], f"{verb} {path} has no docstring"
            assert operation["tags"]
        assert all(tag["description"] for tag in any_document["tags"])

    def test_every_path_parameter_is_described(self, any_document: Json) -> None:
        for path, _, operation in operations(any_document):
            described = [
                p["name"] for p in operation.get("parameters", ()) if p.get("in") == "path"
            ]
            assert described == PARAMETER.findall(path)

    def test_every_reference_leads_somewhere(self, any_document: Json) -> None:
        for reference in within(any_document, "$ref"):
            target: Any = any_document
            for part in reference.removeprefix("#/").split("/"):
                target = target[part]

    def test_every_schema_is_one(self, any_document: Json) -> None:
        for schema in any_document["components"]["schemas"].values():
            jsonschema_rs.meta.validate(schema)
        for schema in within(any_document["paths"], "schema"):
            jsonschema_rs.meta.validate(schema)

    def test_every_example_fits_its_schema(self, any_document: Json) -> None:
        for media in within(any_document, "application/json"):
            schema = {**media["schema"], "components": any_document["components"]}
            check = jsonschema_rs.validator_for(schema, validate_formats=True)
            examples = [e["value"] for e in media.get("examples", {}).values()]
            for example in [*examples, *([media["example"]] if "example" in media else [])]:
                check.validate(example)

    def test_every_failure_is_an_envelope(self, any_document: Json) -> None:
        for _, _, operation in operations(any_document):
            assert {"422", "500", "503"} <= set(operation["responses"])

    def test_closed_operations_say_401(self, any_document: Json) -> None:
        for _, _, operation in operations(any_document):
            assert "401" in operation["responses"] or operation["security"] == []


class TestExamples:
    @pytest.mark.parametrize("route", [*THINGS, *ROUTES], ids=lambda r: f"{r.method} {r.path}")
    def test_an_example_body_is_accepted(self, route: Any) -> None:
        binding = bind(route)
        if binding.body is None or route.action.hidden:
            return
        found = msgspec.json.decode(document([route]))
        operation = found["paths"][route.path][route.method.lower()]
        example = operation["requestBody"]["content"]["application/json"]["example"]
        decode(msgspec.json.encode(example), binding.body[1])


class TestOperation:
    def test_of_a_list(self, things: Json) -> None:
        operation = things["paths"]["/things"]["get"]
        limit, after, name = operation["parameters"]
        assert limit == {
            "name": "limit",
            "in": "query",
            "required": False,
            "description": "How many at most.",
            "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50},
        }
        assert (after["name"], name["schema"]["type"]) == ("after", "array")
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert schema["required"] == ["data", "page"]
        assert schema["properties"]["data"]["items"] == {"$ref": "#/components/schemas/Thing"}
        assert "Which" not in things["components"]["schemas"]

    def test_of_a_write(self, things: Json) -> None:
        operation = things["paths"]["/things"]["post"]
        assert operation["parameters"] == [{"$ref": "#/components/parameters/IdempotencyKey"}]
        media = operation["requestBody"]["content"]["application/json"]
        assert media["schema"] == {"$ref": "#/components/schemas/NewThing"}
        assert list(operation["responses"]) == [
            *("201", "401", "408", "409", "413", "415", "422", "429", "500", "503")
        ]

    def test_names_its_own_errors_beside_the_common_ones(self, things: Json) -> None:
        conflict = things["paths"]["/things"]["post"]["responses"]["409"]
        conflict = resolve(things, conflict)
        examples = conflict["content"]["application/json"]["examples"]
        assert set(examples) == {"idempotency_key_reused", "test_thing_broken"}

    def test_of_a_public_one(self, things: Json) -> None:
        operation = things["paths"]["/greetings/{name}"]["get"]
        assert operation["security"] == []

    def test_of_one_with_two_good_ends(self, things: Json) -> None:
        responses = things["paths"]["/things/{thing_id}"]["put"]["responses"]
        assert responses["200"]["content"] == responses["201"]["content"]

    def test_of_one_that_answers_nothing(self, things: Json) -> None:
        answer = things["paths"]["/things/{thing_id}"]["delete"]["responses"]["204"]
        assert "content" not in answer

    def test_splits_a_docstring(self, things: Json) -> None:
        operation = things["paths"]["/things/{thing_id}"]["get"]
        assert operation["summary"] == "One thing"
        assert operation["description"] == "More about it."
        assert operation["operationId"] == "things.show"
        assert operation["tags"] == ["things"]


class TestSchemas:
    def test_fields_are_described_by_the_docstrings_under_them(self, things: Json) -> None:
        schemas = things["components"]["schemas"]
        assert schemas["Thing"]["properties"]["name"]["description"] == "What people call it."
        assert schemas["NewThing"]["properties"]["name"]["maxLength"] == 20

    def test_input_refuses_unknown_fields_and_says_so(self, things: Json) -> None:
        assert things["components"]["schemas"]["NewThing"]["additionalProperties"] is False
        assert NewThing(new_id()).name == "thing"


class TestTable:
    def test_is_one_line_per_route(self) -> None:
        lines = table()
        assert ("GET", "/health", "health.live", True) in [line[:4] for line in lines]
        assert len(lines) == len(ROUTES)


def resolve(found: Json, node: Json) -> Json:
    while "$ref" in node:
        target: Any = found
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node
