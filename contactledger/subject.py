"""Subject access: everything a log holds about one person, for that person to read.

What concerns the person is decided as for erasure (`concerning.py`): what would be forgotten
with them is what they may see. Parts that are about somebody else alone are withheld and
counted; parts that were erased are named, since that they were there is in the log for good.
Other people stand as "another person". Given as data, as text and as a page; `save` writes all
three with the originals (raw messages).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

import orjson
from attrs import frozen

from contactledger import files
from contactledger.concerning import Concerned, concerned
from contactledger.facts import Blob, Entry, Opened, Party, fields_of
from contactledger.fieldwise import plain
from contactledger.log.canon import format_time

YOU = "you"
OTHER = "another person"


@frozen
class SubjectExport:
    """Everything about one person in one account.

    `data` is plain dicts, lists, texts and numbers; `originals` are file names → bytes.
    """

    data: Mapping[str, Any]
    originals: Mapping[str, bytes]

    def json(self) -> str:
        """The data as JSON."""
        return orjson.dumps(self.data, option=orjson.OPT_INDENT_2).decode() + "\n"

    def text(self) -> str:
        """The same to read, as plain text."""
        lines = [TITLE.format(**self.data), "", *_preface(self.data)]
        for row in self.data["entries"]:
            lines += ["", f"{row['no']}. {_title(row)}"]
            lines += [f"    {label}: {value}" for label, value in _lines(row)]
        return "\n".join(lines) + "\n"

    def html(self) -> str:
        """The same as one page: no script, nothing fetched."""
        body = "".join(f"<p>{escape(line)}</p>" for line in _preface(self.data))
        for row in self.data["entries"]:
            rows = "".join(
                f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in _lines(row)
            )
            body += f"<h2>{row['no']}. {escape(_title(row))}</h2><dl>{rows}</dl>"
        title = escape(TITLE.format(**self.data))
        return PAGE.format(title=title, body=body)

    def _repr_html_(self) -> str:
        return self.html()

    def save(self, path: files.Where) -> None:
        """Write subject.json, subject.txt, subject.html and the originals into a folder, or
        into a zip file if the path ends in ".zip". What is there already is an error."""
        forms = {"json": self.json(), "txt": self.text(), "html": self.html()}
        made = {f"subject.{end}": text.encode("utf-8") for end, text in forms.items()}
        files.save_all(path, {**made, **self.originals})


def subject_export(
    entries: Sequence[Entry],
    person: str,
    *,
    account: str,
    made_at: datetime,
    blob: Callable[[str], bytes | None],
) -> SubjectExport:
    """What a log holds about a person (an id), as of its last entry. `blob` gives originals."""
    about = concerned(entries, person)
    called = _called(entries, about)
    originals: dict[str, bytes] = {}
    rows = []
    for entry in entries:
        if entry.no in about.entries:
            row = _row(entry, about, called)
            original = getattr(entry.fact, "original", None)
            if "original" in row["personal"] and isinstance(original, Blob):
                raw = blob(original.sha256)
                if raw is not None:
                    name = f"originals/{entry.no}-{original.sha256[:16]}"
                    originals[name] = raw
                    row["personal"]["original"]["file"] = name
            rows.append(row)
    data = {
        "account": account,
        "person": person,
        "ids": sorted(about.who),
        "made_at": format_time(made_at),
        "log_entries": len(entries),
        "entries": rows,
        "erased": sum(len(row["erased"]) for row in rows),
        "withheld": sum(len(row["withheld"]) for row in rows),
    }
    return SubjectExport(data, originals)


def _called(entries: Sequence[Entry], about: Concerned) -> Mapping[str, str]:
    """Ids → what stands for them: the person, parties by name, things by their entry."""
    called: dict[str, str] = {}
    for entry in entries:
        fact = entry.fact
        if isinstance(fact, Party):
            called[entry.id] = fact.name or fact.key or called.get(entry.id) or "[erased]"
        elif entry.kind == "person":
            called[entry.id] = YOU if entry.id in about.who else OTHER
        elif not isinstance(fact, Opened):
            called.setdefault(entry.id, f"entry {entry.no}")
    return called


def _row(entry: Entry, about: Concerned, called: Mapping[str, str]) -> dict[str, Any]:
    """One entry: its clear fields, the parts that are about the person, and what is missing."""
    clear: dict[str, Any] = {}
    for attribute in fields_of(type(entry.fact)):
        value = getattr(entry.fact, attribute.name)
        if attribute.metadata.get("personal") or value in (None, (), attribute.default):
            continue
        named = attribute.metadata.get("ref") not in (None, ("entry",))
        clear[attribute.name] = _called_by(value, called) if named else plain(value)
    personal: dict[str, Any] = {}
    erased, withheld = [], []
    for part in entry.sd:
        field, who, _ = part
        if not about.theirs(entry.no, part):
            withheld.append(field)
        elif (field, who) in entry.gone:
            erased.append(field)
        else:
            value = getattr(entry.fact, field)
            personal[field] = plain(value[who] if isinstance(value, Mapping) else value)
    return {
        "no": entry.no,
        "kind": entry.kind,
        "at": format_time(entry.at),
        "recorded_at": format_time(entry.recorded_at),
        "recorder": called.get(entry.recorder, entry.recorder),
        "clear": clear,
        "personal": personal,
        "erased": erased,
        "withheld": withheld,
    }


def _called_by(value: Any, called: Mapping[str, str]) -> Any:
    if isinstance(value, tuple):
        return [called.get(one, one) for one in value]
    return called.get(value, value)


# --- to read -----------------------------------------------------------------------------------

TITLE = "What is on record about you: {account}"
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body {{ font: 16px/1.5 Georgia, serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }}
h1, h2 {{ line-height: 1.2; }} h2 {{ font-size: 1.05rem; margin: 2rem 0 .3rem; }}
dl {{ display: grid; grid-template-columns: minmax(6rem, 10rem) 1fr; gap: .15rem 1rem; margin: 0; }}
dt {{ color: #555; }}
dd {{ margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }}
@media print {{ h2 {{ break-after: avoid; }} }}
</style></head><body><h1>{title}</h1>{body}</body></html>
"""


def _preface(data: Mapping[str, Any]) -> list[str]:
    rows, of = len(data["entries"]), data["log_entries"]
    return [
        f"As of {data['made_at']}. {rows} of the {of} entries in this record concern you.",
        f"Parts that were erased: {data['erased']}.",
        f"Parts withheld, because they are about others alone: {data['withheld']}.",
        f"Other people stand here as “{OTHER}”.",
        "The numbers are those of the entries in the record; they are the same for all parties.",
    ]


def _title(row: Mapping[str, Any]) -> str:
    return f"{row['kind'].replace('_', ' ').capitalize()}, {row['at']}"


def _lines(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    lines = [("written by", f"{row['recorder']}, {row['recorded_at']}")]
    for label, value in (*row["clear"].items(), *row["personal"].items()):
        if isinstance(value, Mapping):
            lines += [(f"{label} {name}", str(part)) for name, part in value.items()]
        else:
            said = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            lines.append((label, said))
    lines += [(label, "erased") for label in row["erased"]]
    lines += [(label, "withheld: about another person") for label in row["withheld"]]
    return [(label.replace("_", " "), value) for label, value in lines]
