"""What paper says beside a report: what lies inside the file, and how it can be checked."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve, frozen

from contactledger.report.document import (
    Block,
    Document,
    Facts,
    Paragraph,
    Section,
    Span,
    Text,
)
from contactledger.report.words import Words


@frozen
class Claims:
    """What the bundle inside says of itself: of which account (its id and slot in the ledger),
    how many entries under which root, signed by whose newest key, sealed when."""

    file: str
    account: str
    slot: int
    size: int
    root: str
    origin: str
    key: str
    sealed_at: str


def checkable(made: Document, claims: Claims | None, judged: int | None, words: Words) -> Document:
    """The document with what lies inside the file, and how that is checked; or that nothing does.

    `judged`: how many entries the report was made from, where that is known.
    """
    told: Text = words("nothing, so this paper cannot be checked by itself")
    alone = words(
        "Nothing is attached, so what stands here is the word of whoever printed it. A ledger with "
        "a signing key seals its log, and the PDF can carry that log in it for anybody to verify."
    )
    blocks: list[Block] = [Paragraph(alone)]
    running: list[str] = []
    if claims is not None:
        told = (Span(claims.file), words(": the account’s log as it was sealed"))
        blocks = list(_how(claims, judged, words))
        count = words.count(claims.size, "{n} entry", "{n} entries")
        running = [f"{count}, {claims.root[:16]}"]
    section = Section(words("How to check this report"), blocks, name="checking")
    last = next((i for i, s in enumerate(made.sections) if s.boxed), len(made.sections))
    return evolve(
        made,
        facts=Facts([*made.facts.pairs, (words("Attached"), told)]),
        sections=[*made.sections[:last], section, *made.sections[last:]],
        running=[*made.running, *running],
    )


def left_out(printed: int, rest: int, words: Words, *, attached: bool) -> str:
    """What stands above a table of which only the last rows are printed; "" if all are."""
    if not rest:
        return ""
    first, every = words.number(printed), words.number(printed + rest)
    told = words("The last {n} of {every} rows are printed.", n=first, every=every)
    where = words("All of them are in the report’s JSON form.")
    return f"{told} {words('All are in the bundle inside this file.') if attached else where}"


def page_words(words: Words) -> str:
    """What stands at the foot of a page, its number still as {page} and {pages}."""
    return words("page {page} of {pages}")


def _how(claims: Claims, judged: int | None, words: Words) -> Iterator[Block]:
    yield Paragraph(
        words(
            "Inside this file lies the account’s log with everything that proves it. Whoever "
            "holds the signer’s verifier key checks it offline, and the report with it:"
        )
    )
    yield Paragraph((Span("contactledger verify REPORT.pdf --trust KEY", "mono"),))
    count = words.count(claims.size, "{n} entry", "{n} entries")
    sealed = words("sealed {when}", when=claims.sealed_at)
    slot = words("slot {n}", n=claims.slot)
    yield Facts(
        [
            (words("File"), (Span(claims.file),)),
            (words("Signed by"), (Span(claims.key, "mono"),)),
            (words("Ledger"), (Span(claims.origin),)),
            (words("Account"), (Span(claims.account, "mono"), f", {slot}")),
            (words("Log"), f"{count}, {sealed}"),
            (words("Root"), (Span(claims.root, "mono"),)),
        ]
    )
    if judged is not None and judged > claims.size:
        yield Paragraph(
            words.count(
                judged - claims.size,
                "{n} entry of this report came after the seal and is not in it.",
                "{n} entries of this report came after the seal and are not in it.",
            )
        )
    if judged is not None and judged < claims.size:
        yield Paragraph(words("The log goes on after the moment of this report."))
    yield Paragraph(
        words(
            "A key that is printed here vouches for nothing: take the one that you were given "
            "over another way, and compare account, slot and root with what you verified before."
        ),
        "note",
    )
