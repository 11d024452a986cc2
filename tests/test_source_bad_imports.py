"""Bad calendars, address books, call records and tables: one clear error each."""

from pathlib import Path

import pytest

from contactledger.errors import BadEvent
from contactledger.sources import Asterisk, FreeSwitch, ICal, Table, VCard

BAD = Path(__file__).parent / "bad"

READ = {
    "ical": lambda body: ICal().parse({}, body),
    "vcard": lambda body: VCard().people(body, "smith"),
    "asterisk": lambda body: Asterisk("UTC").parse({}, body),
    "freeswitch": lambda body: FreeSwitch().parse({}, body),
    "table": lambda body: Table.fitting(body).parse({}, body),
}

EXPECTED = {
    "asterisk-four-fields.csv": "line 1: has 4 fields; 16 to 18 are expected",
    "asterisk-time-american.csv": 'line 1, start: must be a time as "2026-03-02 10:00:00"',
    "freeswitch-entity-bomb.xml": "body: declares a document type or entities",
    "freeswitch-no-id.json": "record 1, uuid: must be the id of a call",
    "freeswitch-truncated.xml": "line 1, column 43, body: is not valid XML (truncated?)",
    "ical-ends-before-it-starts.ics": "component 1, DTEND: lies before DTSTART",
    "ical-prose.ics": "body: is no iCalendar that can be read",
    "ical-zone-that-changes-every-second.ics": "RRULE: of a zone must be yearly",
    "table-no-mapping-fits.csv": "line 1: no mapping fits these columns, or several do",
    "table-thirtieth-of-february.csv": "line 2, start_time: is no time as the mapping says",
    "vcard-of-nobody.vcf": "card 1: has no UID, EMAIL, FN or N",
    "vcard-truncated.vcf": "body: the last card does not end (truncated?)",
}


def test_every_bad_file_of_these_is_expected_here():
    found = {path.name for path in BAD.iterdir() if path.name.partition("-")[0] in READ}
    assert found == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_bad_file_is_one_error_that_names_place_and_field(name):
    with pytest.raises(BadEvent) as caught:
        READ[name.partition("-")[0]]((BAD / name).read_bytes())
    assert str(caught.value) == EXPECTED[name]
