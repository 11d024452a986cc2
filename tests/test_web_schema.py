"""The JSON API does what its description says, whatever is asked of it (schemathesis)."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from contactledger.web import api
from tests.visiting import Site, visit

ANN = {"x-who": "ann"}
READ = ("accounts", "standing", "next_steps", *api.SETS)
OPERATIONS = (*READ, "may_contact", "record")


def _schema(site: Site) -> Any:
    return schemathesis.openapi.from_asgi("/api/openapi.json", site.pages, headers=ANN)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "CALLS_A_MINUTE", 10**9)


def _operation(schema: Any, name: str) -> Any:
    found = [one.ok() for one in schema.get_all_operations()]
    (operation,) = [one for one in found if one.definition.raw["operationId"] == name]
    return operation


def test_every_address_of_the_api_is_described() -> None:
    found = [one.ok() for one in _schema(visit()).get_all_operations()]
    assert {one.definition.raw["operationId"] for one in found} == set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_the_answer_is_one_that_is_described(name: str, mode: GenerationMode) -> None:
    """To what is asked by the description (positive), and to what is not (negative)."""
    site = visit()
    operation = _operation(_schema(site), name)
    known = {one["name"] for one in operation.definition.raw["parameters"]}
    by_form = mode is GenerationMode.POSITIVE and name in READ

    @settings(
        max_examples=25 if name == "record" else 10,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode), st.booleans())
    def ask(case: Any, there: bool) -> None:
        if there and "account" in case.path_parameters:
            case.path_parameters["account"] = site.smith
        answer = case.call(headers=ANN)
        # whether the account is there is not for the description to say
        case.validate_response(
            answer, excluded_checks=[positive_data_acceptance, negative_data_rejection]
        )
        if answer.status_code == 422 and by_form:
            assert answer.json()["field"] == "period"  # the 30th of February
        if answer.status_code == 200:
            asked = parse_qsl(urlsplit(answer.request.url).query, keep_blank_values=True)
            assert {parameter for parameter, _ in asked} <= known

    ask()
