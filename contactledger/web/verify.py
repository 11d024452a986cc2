"""Verify: a bundle is dropped, and the verdict is shown. Nothing of it is kept.

The same eight steps as `open_bundle`, over the keys that the visitor gives, those the host
trusts, and the ledger's own; the page says which of them vouched.
"""

from __future__ import annotations

from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response

from contactledger.errors import BadBundle, BadInput, LedgerError, TooLarge
from contactledger.exchange import OpenedBundle, Trust, open_bundle, trusted_keys
from contactledger.log.verifier import VerifierKey
from contactledger.report.phrases import iso
from contactledger.web import behind
from contactledger.web.door import Visit

MAX_KEYS = 10
WHOSE = ("a key that you gave", "a key that is trusted here")


class Verifier:
    """The page that verifies; `trust`: keys of other ledgers that the host trusts."""

    def __init__(self, trust: tuple[Trust, ...]) -> None:
        self._trust = trusted_keys(trust) if trust else ()

    def ask(self, visit: Visit) -> Response:
        """The form."""
        return visit.page("verify.html", verdict=None, key="", error="")

    def verdict(self, visit: Visit) -> Response:
        """The verdict on what was sent."""
        given = visit.text("key")
        upload = visit.form.get("bundle")
        try:
            verdict = self._looked_at(visit, upload, self._given(given))
        except BadInput as error:
            return visit.page("verify.html", 422, verdict=None, key=given, error=str(error))
        return visit.page("verify.html", verdict=verdict, key=given, error="")

    def _looked_at(self, visit: Visit, upload: object, given: list[VerifierKey]) -> dict[str, Any]:
        words = visit.words
        if not isinstance(upload, UploadFile) or not upload.size:
            raise BadInput(words("choose a file"), field="bundle")
        keys = [*given, *self._trust, *behind.own_keys(visit.ledger)]
        if not keys:
            raise BadInput(words("give the key of the ledger that signed it"), field="key")
        return self._opened(upload, keys, len(given), visit.words.lang)

    def _given(self, text: str) -> list[VerifierKey]:
        lines = [line for line in text.split() if line]
        if len(lines) > MAX_KEYS:
            raise TooLarge(f"more than {MAX_KEYS} keys", field="key")
        if not all("+" in line for line in lines):  # a path would be opened here
            raise BadInput("is no verifier key", field="key")
        return list(trusted_keys(lines)) if lines else []

    def _opened(
        self, upload: UploadFile, keys: list[VerifierKey], given: int, lang: str
    ) -> dict[str, Any]:
        file: Any = upload.file
        try:
            opened = open_bundle(file, trust=keys)
        except BadBundle as error:
            return {"good": False, "step": error.step, "name": error.name, "file": error.file,
                    "what": error.what}  # fmt: skip
        except BadInput:
            raise
        except LedgerError as error:
            return {"good": False, "step": 0, "name": "", "file": "", "what": type(error).__name__}
        return self._good(opened, [key.format() for key in keys[:given]], lang)

    def _good(self, opened: OpenedBundle, given: list[str], lang: str) -> dict[str, Any]:
        whose = WHOSE[opened.key not in given]
        report: dict[str, Any] | None = None
        if opened.complete:
            report = opened.report(lang=lang).data
        return {
            "good": True, "account": opened.account, "origin": opened.origin,
            "key": opened.key, "whose": whose, "size": opened.size,
            "sealed_at": iso(opened.sealed_at), "complete": opened.complete,
            "redacted": opened.redacted, "withheld": opened.withheld,
            "root": opened.head.root.hex(), "report": report, "printed": opened.printed,
            "countersigned": [
                {"name": one.name, "at": iso(one.at) if one.at else "", "size": one.size}
                for one in opened.countersigned
            ],
        }  # fmt: skip
