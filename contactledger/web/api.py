"""The JSON API below /api, in the words of the library; `openapi.py` describes it.

The same `allow` as the pages. Accounts are named by their ids. Whoever speaks for a party by
its own access may record touches and marks of that party, and they are marked as such; nobody
can claim over the API that something was signed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import orjson
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from contactledger.errors import BadFact, BadInput, LedgerError, NotFound
from contactledger.facts import (
    FACTS,
    Entry,
    Fact,
    Mark,
    Message,
    Money,
    Party,
    Person,
    Touch,
)
from contactledger.ledger import Ledger
from contactledger.moments import moment
from contactledger.vocabulary import Auth
from contactledger.web import behind
from contactledger.web.door import Door, Visit, refuse_foreign, said, with_headers
from contactledger.web.limits import JSON_BYTES, Rates, bounded
from contactledger.web.openapi import described

SETS = ("entries", "findings", "cases", "promises", "parties")
RECORDED = (
    "party", "person", "preference", "touch", "signal", "mark", "matter", "promise",
    "settlement", "handoff", "milestone", "retraction",
)  # fmt: skip
"""Facts that the API records. Policies, erasures, holds and merging are the host's to decide."""
CLOSED = ("auth", "original", "system", "source", "matched", "conflicts", "same_as", "clock_ahead")
"""Fields that say how something came in; what comes in here was written down by a person."""
ASKED = ("person", "channel", "about", "at")
"""What is said of a touch when it is asked whether it may be made."""
MAX_FACTS = 1_000
CALLS_A_MINUTE = 600
ACCOUNTS = 500

Answer = tuple[int, Any]


def routes(ledger: Ledger, door: Door, rates: Rates) -> list[BaseRoute]:
    """The routes of the API."""
    api = _Api(ledger, door, rates)
    account = "/api/accounts/{account}"
    return [
        Route("/api/openapi.json", api.answers(_openapi), methods=["GET"]),
        Route("/api/accounts", api.answers(_accounts, "after"), methods=["GET"]),
        Route(f"{account}/standing", api.answers(_standing, "as_of", "period"), methods=["GET"]),
        Route(f"{account}/next_steps", api.answers(_next_steps, "as_of"), methods=["GET"]),
        Route(f"{account}/may_contact", api.answers(_may_contact, *ASKED), methods=["GET"]),
        Route(f"{account}/record", api.answers(_record), methods=["POST"]),
        Route(f"{account}/{{what}}", api.answers(_rows, "as_of", "period"), methods=["GET"]),
    ]


class _Api:
    def __init__(self, ledger: Ledger, door: Door, rates: Rates) -> None:
        self._ledger = ledger
        self._door = door
        self._rates = rates

    def answers(self, handler: Callable[[Visit, Any], Answer], *names: str) -> Any:
        """The endpoint: access, rate, the query's `names`, bounded JSON, the answer in a thread,
        errors as JSON."""

        async def endpoint(request: Request) -> Response:
            try:
                return _answered(*await self._answer(request, handler, names))
            except (LedgerError, HTTPException) as error:
                return failed(error)

        return endpoint

    async def _answer(
        self, request: Request, handler: Callable[[Visit, Any], Answer], names: tuple[str, ...]
    ) -> Answer:
        access = await self._door.access(request)
        if access is None:
            return 401, {"error": "Unauthorized", "field": "", "why": "you need access for this"}
        if self._rates.over("api", access.who, CALLS_A_MINUTE):
            return 429, {"error": "TooMany", "field": "", "why": "wait a minute and try again"}
        _only(request, names)
        given: Any = None
        if request.method == "POST":
            refuse_foreign(request)
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":  # which no form of another site can send
                raise HTTPException(415, "must be application/json")
            given = _parsed(await bounded(request, JSON_BYTES).body())
        visit = self._door.visit(request, access, FormData())
        return await run_in_threadpool(handler, visit, given)


def _answered(status: int, value: Any) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)
    response = Response(body, status, media_type="application/json")
    if status in (429, 503):
        response.headers["Retry-After"] = "60" if status == 429 else "5"
    return with_headers(response)


def failed(error: Exception) -> Response:
    """An error as the API answers it."""
    status, _, _ = said(error)
    if isinstance(error, HTTPException):
        return _answered(status, {"error": "HTTPException", "field": "", "why": error.detail})
    why = "there is no such thing" if status == 404 else str(error) if status < 500 else ""
    field = getattr(error, "field", "") if status != 404 else ""
    return _answered(status, {"error": type(error).__name__, "field": field, "why": why})


def _only(request: Request, names: tuple[str, ...]) -> None:
    """BadInput for a query that asks for more than is answered: a parameter with a slip in its
    name would change nothing, and nobody would know."""
    given = [name for name, _ in request.query_params.multi_items()]
    if not set(given) <= set(names):
        known = f"known: {', '.join(names)}" if names else "there are none"
        raise BadInput(f"has a parameter that is not known; {known}", field="query")
    if len(set(given)) != len(given):
        raise BadInput("has a parameter twice", field="query")


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadInput("is not JSON", field="body") from None


# --- reading -------------------------------------------------------------------------------


def _openapi(visit: Visit, _: Any) -> Answer:
    return 200, described(visit.to(""), RECORDED, CLOSED, SETS)


def _accounts(visit: Visit, _: Any) -> Answer:
    """The accounts that may be seen, in order of their ids."""
    after = visit.request.query_params.get("after", "")
    seen = sorted((one for one in visit.accounts() if one.id > after), key=lambda one: one.id)
    return 200, {
        "accounts": [_account(one) for one in seen[:ACCOUNTS]],
        "more": len(seen) > ACCOUNTS,
    }


def _account(one: behind.Named) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "entries": one.size, "archived": one.archived}


def _standing(visit: Visit, _: Any) -> Answer:
    """The standing with all its findings, as the report has it."""
    named = visit.account()
    return 200, visit.ledger.report(named.called, **_as_of(visit), **_period(visit)).data


def _rows(visit: Visit, _: Any) -> Answer:
    named = visit.account()
    what = visit.request.path_params["what"]
    if what not in SETS:
        raise NotFound("no such set")
    rows = visit.ledger.rows(
        what, account=named.id, personal=True, **_as_of(visit), **_period(visit)
    )
    return 200, {"what": what, "columns": dict(rows.columns), "rows": list(rows)}


def _next_steps(visit: Visit, _: Any) -> Answer:
    named = visit.account()
    party = visit.access.party
    return 200, visit.ledger.outlook(named.called, party=party, **_as_of(visit)).data


def _may_contact(visit: Visit, _: Any) -> Answer:
    named = visit.account()
    query = visit.request.query_params
    about = [word for word in query.get("about", "").split(",") if word]
    permission = visit.ledger.may_contact(
        named.id,
        query.get("person", ""),
        query.get("channel", ""),
        about,
        moment(query["at"], "at") if "at" in query else None,
        sender=visit.access.party,
    )
    return 200, attrs.asdict(permission)


def _as_of(visit: Visit) -> dict[str, Any]:
    text = visit.request.query_params.get("as_of")
    return {} if text is None else {"as_of": moment(text, "as_of")}


def _period(visit: Visit) -> dict[str, Any]:
    text = visit.request.query_params.get("period")
    return {} if text is None else {"period": text}


# --- writing -------------------------------------------------------------------------------


def _record(visit: Visit, given: Any) -> Answer:
    """Record facts, all or none."""
    visit.only_records()
    named = visit.account()
    facts = given.get("facts") if isinstance(given, dict) else None
    if not isinstance(facts, list) or not 0 < len(facts) <= MAX_FACTS:
        raise BadInput(f"must be a list of 1 to {MAX_FACTS} facts", field="facts")
    made = [_fact(one, f"fact {number}") for number, one in enumerate(facts, 1)]
    if visit.access.party is not None:
        entries = list(behind.loaded(visit.ledger, named.id).entries)
        made = [_own(visit, one, entries, f"fact {n}") for n, one in enumerate(made, 1)]
    entries_ = visit.ledger.record(named.id, *made)
    return 200, {"entries": [{"no": e.no, "id": e.id, "kind": e.kind} for e in entries_]}


def _fact(given: Any, place: str) -> Fact:
    """A fact from its fields; `kind` names its class in lower case."""
    if not isinstance(given, dict) or given.get("kind") not in RECORDED:
        raise BadFact(f"must be one of: {', '.join(RECORDED)}", field="kind", place=place)
    kind = FACTS[given["kind"]]
    names = {attribute.name: attribute for attribute in attrs.fields(kind)}
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name == "kind":
            continue
        if name not in names or name in CLOSED:
            raise BadFact("is not a field of this fact", field=f"{kind.__name__}.?", place=place)
        values[name] = _value(value, names[name].metadata.get("codec"), name, place)
    try:
        return kind(**values)
    except BadInput as error:
        raise error.at(place) from None


def _value(value: Any, codec: Any, field: str, place: str) -> Any:
    """A value of JSON as the class takes it."""
    try:
        if codec == "time" and value is not None:
            return moment(str(value), field)
        if codec == "money" and value is not None:
            return Money(**value)
        if codec == "message" and value is not None:
            return Message(**value)
    except BadInput as error:
        raise error.at(place) from None
    except TypeError:
        raise BadFact("has fields that are not known", field=field, place=place) from None
    return tuple(value) if isinstance(value, list) else value


def _own(visit: Visit, fact: Fact, entries: list[Entry], place: str) -> Fact:
    """The same fact as the word of the visitor's party; BadFact if it is another's."""
    party = behind.party_of(entries, visit.access.party or "", Party)
    if isinstance(fact, Mark):
        if fact.party is not None and behind.party_of(entries, fact.party, Party) != party:
            raise BadFact("is not the party that you speak for", field="Mark.party", place=place)
        return attrs.evolve(fact, party=party, auth=Auth.ACCESS)
    if not isinstance(fact, Touch):
        raise BadFact("is not yours to record: touches and marks are", field="kind", place=place)
    sender = behind.party_of(entries, fact.sender or party)
    whose = {e.id: e.fact.party for e in entries if isinstance(e.fact, Person)}
    if whose.get(sender, sender) != party:
        raise BadFact("is nobody whom you speak for", field="Touch.sender", place=place)
    return attrs.evolve(fact, sender=sender, auth=Auth.ACCESS)
