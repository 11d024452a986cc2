"""Each request is one transaction (ATOMIC_REQUESTS): its rows and ours are kept together."""

# ruff: noqa: ARG001

from functools import cache

from django.http import HttpRequest, JsonResponse

from contactledger import Channel, Ledger, Party, Person, Role, Touch
from contactledger.hosts.django import open_ledger
from django_app.models import Invoice


@cache
def ledger() -> Ledger:
    """One for the process; it uses the connection of whatever thread asks."""
    return open_ledger(recorder="acme")


def set_up(request: HttpRequest) -> JsonResponse:
    entries = ledger().record(
        "smith-motors",
        Party("acme", "ACME Dealer Systems", Role.VENDOR),
        Party("smith", "Smith Motors", Role.CUSTOMER),
        Person("bob", "smith", "Bob Ray", phone="+1 555 0111"),
    )
    return JsonResponse({"entries": len(entries)})


def invoice(request: HttpRequest, number: str) -> JsonResponse:
    Invoice.objects.create(number=number)
    (touch,) = ledger().record(
        "smith-motors", Touch(to="bob", channel=Channel.PHONE, key=f"call-{number}")
    )
    if "fail" in request.GET:
        raise RuntimeError("the printer is on fire")
    return JsonResponse({"entry": touch.no})


def touches(request: HttpRequest) -> JsonResponse:
    kept = [entry.fact.key for entry in ledger().entries("smith-motors") if entry.kind == "touch"]
    return JsonResponse({"touches": kept, "invoices": Invoice.objects.count()})
