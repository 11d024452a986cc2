"""The touch certificate: one touch, all its evidence with what each piece is worth, its proof."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contactledger.errors import NotFound
from contactledger.report.document import (
    Block,
    Column,
    Document,
    Facts,
    Listing,
    Paragraph,
    Section,
    Span,
    Table,
    TableRow,
    Text,
    cited,
)
from contactledger.report.kind_parts import (
    head,
    laid_out,
    outcome,
    rules,
    sentences,
    when,
    who,
)
from contactledger.report.phrases import BY, WHAT
from contactledger.report.words import Words

Row = dict[str, Any]
SECTIONS = ("touch", "receiver", "proof", "rules")


def rows(proof: Row, extra: Row) -> Row:
    """The rows of the kind, from those of a proof of contact.

    `about` in `extra`: the entry number of the touch, or its id; NotFound if no finding is about
    it. `proof` in `extra`: how the entry stands under a signed checkpoint, where it does.
    """
    about = extra.get("about")
    found = [f for f in proof["findings"] if about in (f["no"], f["touch"], str(f["no"]))]
    if not found:
        raise NotFound("no touch of that number was judged", field="about")
    return {
        **head("touch-certificate", proof),
        "no": found[0]["no"],
        "findings": found,
        "proof": extra.get("proof"),
        "rules": sentences(proof),
    }


def document(data: Row, words: Words) -> Document:
    """The rows of the kind as a document."""
    facts = [(words("Touch"), words("entry {no}", no=data["no"]))]
    return laid_out(words, data, words("Touch certificate"), _sections(data, words), facts)


def _sections(data: Row, words: Words) -> Iterator[Section]:
    first = data["findings"][0]
    pairs: list[tuple[Text, Text]] = [
        (words("Made"), when(words, first)),
        (words("Who, to whom, through what"), who(words, first)),
        (words("About what"), (Span(first["about"]),) if first["about"] else "–"),
        (words("Topics"), ", ".join(first["topics"]) or "–"),
        (words("Wanted"), words(first["expects_text"])),
    ]
    yield Section(words("The touch"), [Facts(pairs)], name="touch")
    for f in data["findings"]:
        title = (words("What became of it at"), " ", Span(f["receiver"]["name"]))
        yield Section(title, list(_receiver(f, words)), name="receiver")
    yield Section(words("The proof"), list(_proof(data, words)), name="proof")
    codes = {c for f in data["findings"] for c in f["rules"]}
    codes |= {c for f in data["findings"] for e in f["evidence"] for c in e["rules"]}
    yield from rules(words, codes, data["rules"])


def _receiver(f: Row, words: Words) -> Iterator[Block]:
    pairs: list[tuple[Text, Text]] = [
        (words("Outcome"), outcome(words, f)),
        (words("Reach"), f"{words(f['reach'])}, {words(f['grade'])}"),
        (words("Due"), when(words, f, "due") if f["due"] else words("no deadline")),
        (words("Answered by"), cited(words("entries"), f["answered_by"])
         if f["answered_by"] else words("nothing on record")),
    ]  # fmt: skip
    if f["held_against"]:
        pairs.append((words("Counts against"), (Span(f["held_against"]["name"]),)))
    yield Facts(pairs)
    broken = [v for v in f["violations"] if v["breach"]]
    if broken:
        yield Paragraph(words("The touch itself did not keep the policy:"))
        yield Listing([cited(words(v["text"]), v["because"]) for v in broken])
    columns = [
        Column(words("Entry")),
        Column(words("When"), 2),
        Column(words("What was reported"), 3),
        Column(words("How far it carries"), 2),
        Column(words("Who says so"), 3),
    ]
    yield Table.of(columns, f["evidence"], lambda e: _evidence(e, words))


def _evidence(e: Row, words: Words) -> TableRow:
    what: list[str | Span] = [words(WHAT[e["what"]] if e["what"] in WHAT else e["what"])]
    if e["by"] in BY and e["what"] in ("opened", "clicked", "answered", "displayed"):
        what.append(f" {words(BY[e['by']])}")
    if e["person"]:
        what += [", ", Span(e["person"])]
    carries = (
        (Span(words(e["lifts"]), "strong"), f", {words(e['grade'])}")
        if e["lifts"]
        else words("proves nothing")
    )
    says: list[str | Span] = [words("recorded by"), " ", Span(e["recorder"] or "–")]
    if e["source"]:
        says += [", ", e["source"]]
    return TableRow(
        [f"[{e['no']}]", when(words, e), what, carries, says],
        under=[f"{words.start(words(c))}." for c in e["caveats"]],
    )


def _proof(data: Row, words: Words) -> Iterator[Block]:
    proof = data["proof"]
    if proof is None:
        yield Paragraph(
            words(
                "No signed checkpoint covers this entry yet. The log’s own hashes are what it "
                "rests on."
            )
        )
        return
    yield Paragraph(
        words(
            "The entry stands in the account’s log, the log under the checkpoint below, which its "
            "keeper signed. Whoever has the entry’s bytes and the ledger’s public key can compute "
            "it again from these hashes."
        )
    )
    sealed = words.moment(proof["sealed_at_local"], proof["sealed_at"])
    yield Paragraph(
        words("Sealed {when}. The hash of the entry, then those on the way:", when=sealed)
    )
    yield Listing([(Span(line, "mono"),) for line in (proof["leaf"], *proof["hashes"])])
    yield Paragraph(words("The signed checkpoint:"))
    yield Listing([(Span(line, "mono"),) for line in proof["note"]])
