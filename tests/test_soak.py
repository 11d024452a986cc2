"""The soak itself: what it does all day, and that it would notice what grows."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine

from tests.soak.machine import Sample, look, slope
from tests.soak.running import BOUND_BYTES, Found, say, soak

DAY = {"opened": 3, "recorded": 12, "reported": 12, "answered": 6, "judged": 24, "imported": 3}
EVENING = {"bundled": 3, "reported on": 3, "checked": 3, "erased": 3}


def test_every_thread_lives_lives_to_their_end_and_is_looked_at(tmp_path):
    told = []
    url = f"sqlite:///{tmp_path}/contacts.db"
    found = soak(url, tmp_path, 0, lambda *what: told.append(what))
    assert found.done == DAY | EVENING
    assert told[0][0] == found.samples[0]
    assert {0 < sample.rss < 4e9 for sample in found.samples} == {True}


def test_what_ends_the_looking_ends_the_work(tmp_path):
    def tell(*_):
        raise OSError("the disk of the log is full")

    with pytest.raises(OSError, match="full"):
        soak(f"sqlite:///{tmp_path}/contacts.db", tmp_path, 3600, tell)


def test_on_a_server_connections_are_counted_by_the_server(postgres_url):
    alone = look(0, postgres_url)
    assert (alone.at, alone.connections) == (0, 0)
    engine = create_engine(postgres_url)
    with engine.connect(), engine.connect():
        assert look(1, postgres_url).connections == 2
    engine.dispose()


def samples(rss, files=10, connections=3):
    """Thirty looks, ten seconds apart, with this much memory as a function of the minute."""
    made = [Sample(n * 10, int(rss(n / 6)), 10, 3) for n in range(30)]
    return (*made, Sample(300, int(rss(5)), files, connections))


def test_growth_is_bytes_a_minute():
    assert round(slope(samples(lambda minute: 1e8 + 2e6 * minute))) == 2_000_000
    assert round(slope(samples(lambda _: 1e8))) == 0


def test_what_grows_after_warming_up_is_not_flat():
    for rss, flat in (
        (lambda minute: 1e8 + 0.5 * BOUND_BYTES * minute, True),
        (lambda minute: 1e8 + 2 * BOUND_BYTES * minute, False),
        (lambda minute: 1e8 + 1e8 * min(minute, 1), True),  # warming up
    ):
        assert Found(samples(rss), {}).flat is flat
    for files, connections, flat in ((18, 3, True), (19, 3, False), (10, 4, False)):
        assert Found(samples(lambda _: 1e8, files, connections), {}).flat is flat


def test_a_line_says_minutes_memory_files_connections(capsys):
    say("sqlite")(Sample(90, 98_700_000, 14, 3, 12_300_000), 1_234)
    assert capsys.readouterr().out == (
        "sqlite      1.5 min     98.7 MB + 12.3   14 files   3 connections    1,234 done\n"
    )


def test_what_the_allocator_keeps_for_later_is_told_apart():
    before = look(0, "sqlite:///none.db").rss
    pieces = [bytearray(100_000) for _ in range(300)]  # too small to be mapped each by itself
    last = bytearray(100_000)
    held = look(0, "sqlite:///none.db")
    del pieces
    freed = look(0, "sqlite:///none.db")
    assert held.rss - before > 20_000_000
    assert held.rss - freed.rss > 20_000_000
    assert freed.spare > 20_000_000
    assert last
