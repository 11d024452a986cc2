"""The description of the JSON API (OpenAPI 3.1), made of the facts as they are declared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from contactledger.facts import FACTS
from contactledger.vocabulary import Channel

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_ID: Schema = {"type": "string", "pattern": "^[a-z2-7]{26}$"}
_CHANNEL: Schema = {"enum": [word.value for word in Channel]}
_ERROR: Schema = {
    "type": "object",
    "properties": {"error": _TEXT, "field": _TEXT, "why": _TEXT},
    "required": ["error", "field", "why"],
}
_CODECS: dict[str, Schema] = {
    "str": _TEXT,
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "strs": {"type": "array", "items": _TEXT},
    "map": {"type": "object", "additionalProperties": _TEXT},
    "time": {"type": "string", "format": "date-time"},
    "money": {
        "type": "object",
        "properties": {
            "minor": {"type": "integer"},
            "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        },
        "required": ["minor", "currency"],
        "additionalProperties": False,
    },
    "message": {
        "type": "object",
        "properties": dict.fromkeys(
            ("message_id", "provider_id", "call_id", "subject", "text"), _TEXT
        ),
        "additionalProperties": False,
    },
}
_PERIOD: Schema = {
    "type": "string",
    "pattern": r"^[12]\d{3}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$",
}
_FAILURES = {
    "401": "nobody who may see this",
    "404": "there is no such thing, or it is another's",
    "409": "the same id is on record with other content",
    "410": "the account is archived",
    "415": "the body is not application/json",
    "422": "something given is not usable: `field` names it",
    "429": "too many requests",
    "503": "the ledger cannot be reached now; try again",
}


def described(
    root: str, recorded: Sequence[str], closed: Sequence[str], sets: Sequence[str]
) -> Schema:
    """The description. `root`: where the pages are mounted; `recorded`: kinds of facts that
    may be recorded, but for the `closed` fields; `sets`: sets of rows."""
    account = _parameter("account", "path", "The account's id.", _ID)
    moment = _CODECS["time"]
    as_of = _parameter("as_of", "query", "The moment to judge at; by default now.", moment)
    period = _parameter("period", "query", 'Touches of it alone: "2026-03".', _PERIOD)
    facts = {f"{kind}": _fact(kind, closed) for kind in recorded}
    any_of = {"oneOf": [{"$ref": f"#/components/schemas/{kind}"} for kind in recorded]}
    base = "/api/accounts/{account}"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "contactledger",
            "version": "1",
            "description": "Who reached out, who answered, who ignored it. The words are those "
            "of the library; accounts are named by their ids.",
        },
        "servers": [{"url": root.rstrip("/") or "/"}],
        "paths": {
            "/api/accounts": {
                "get": _get("accounts", "The accounts that you may see, in order of their ids.",
                            [_parameter("after", "query", "Only ids behind this one.")]),
            },
            f"{base}/standing": {
                "get": _get("standing", "The account at a moment, with every finding.",
                            [account, as_of, period]),
            },
            f"{base}/next_steps": {
                "get": _get("next_steps", "What your party should do next.", [account, as_of]),
            },
            f"{base}/may_contact": {
                "get": _get("may_contact", "Whether somebody may be contacted, and if not, why.",
                            [account,
                             _parameter("person", "query", "A key or id.", needed=True),
                             _parameter("channel", "query", "A channel.", _CHANNEL, needed=True),
                             _parameter("about", "query", "A purpose, topics, or both; commas."),
                             _parameter("at", "query", "When; by default now.", moment)]),
            },
            f"{base}/record": {
                "post": {
                    "operationId": "record",
                    "summary": "Put facts on record, all or none.",
                    "parameters": [account],
                    "requestBody": {
                        "required": True,
                        "content": {"application/json": {"schema": {
                            "type": "object",
                            "properties": {"facts": {
                                "type": "array", "items": any_of, "minItems": 1,
                                "maxItems": 1_000,
                            }},
                            "required": ["facts"],
                        }}},
                    },
                    "responses": _responses(),
                },
            },
            **{
                f"{base}/{what}": {
                    "get": _get(what, f"The {what} as rows, with their columns.",
                                [account, as_of, period]),
                }
                for what in sets
            },
        },
        "components": {"schemas": {"Error": _ERROR, **facts}},
    }  # fmt: skip


def _parameter(
    name: str, where: str, text: str, schema: Schema = _TEXT, *, needed: bool = False
) -> Schema:
    return {
        "name": name,
        "in": where,
        "required": needed or where == "path",
        "description": text,
        "schema": schema,
    }


def _get(name: str, text: str, parameters: list[Schema]) -> Schema:
    return {
        "operationId": name,
        "summary": text,
        "parameters": parameters,
        "responses": _responses(),
    }


def _responses() -> Schema:
    good = {"application/json": {"schema": {"type": "object"}}}
    bad = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    failures = {code: {"description": text, "content": bad} for code, text in _FAILURES.items()}
    return {"200": {"description": "As asked for.", "content": good}, **failures}


def _fact(kind: str, closed: Sequence[str]) -> Schema:
    """The schema of a fact: its fields by their declaration."""
    properties: Schema = {"kind": {"const": kind}}
    for attribute in attrs.fields(FACTS[kind]):
        if attribute.name not in closed:
            properties[attribute.name] = _field(attribute.metadata)
    return {
        "type": "object",
        "description": (FACTS[kind].__doc__ or "").partition("\n")[0],
        "properties": properties,
        "required": ["kind"],
        "additionalProperties": False,
    }


def _field(metadata: Any) -> Schema:
    codec = metadata["codec"]
    if codec in ("enum", "enums"):
        words = {"enum": [word.value for word in metadata["enum"]]}
        return words if codec == "enum" else {"type": "array", "items": words}
    return _CODECS[codec]
