"""What a report is told beside the standing: the sentences of the rules, and its scope.

The wings never import each other, so the sentences of the judge come in as arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import Factory, frozen

from contactledger.report.words import Words


@frozen
class Wording:
    """Code → plain sentence: of rules ("J1", "O1"), violations, caveats and notes.

    A code without a sentence is printed as it is; nothing is left out for want of words. All of
    them are English; `words` is the language that they are printed in.
    """

    rules: Mapping[str, str] = Factory(dict)
    violations: Mapping[str, str] = Factory(dict)
    caveats: Mapping[str, str] = Factory(dict)
    notes: Mapping[str, str] = Factory(dict)
    words: Words = Factory(Words)


@frozen
class Scope:
    """What the report covers and what was checked.

    `account`: display name, by default the log's own. `since`/`until`: the period (until is
    not part of it); None: from the first, up to as_of. `zone`: of the dates of the report as
    a whole; each finding has its receiver's own. `entries`: how many entries were judged.
    `checked`: a sentence on what was verified, "" if nothing was. `policies`: digest → the
    sentences of that policy.
    """

    account: str = ""
    since: datetime | None = None
    until: datetime | None = None
    zone: str = "UTC"
    entries: int | None = None
    checked: str = ""
    policies: Mapping[str, tuple[str, ...]] = Factory(dict)
