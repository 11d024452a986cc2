import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contactledger.errors import BadEvent
from contactledger.sources._json import (
    array_of_objects,
    one_object,
    one_or_many,
    slices,
    slices_under,
)

leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just("},{"), st.just('}\\",')
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=4), values, max_size=4)
blanks = st.text(" \t\r\n", max_size=3)


@given(st.lists(st.tuples(objects, st.booleans(), blanks, blanks), max_size=5), blanks)
@settings(max_examples=100)
def test_the_slices_are_the_exact_bytes_of_the_elements(rows, blank):
    texts = [json.dumps(item, ensure_ascii=escape).encode() for item, escape, _, _ in rows]
    padded = [
        a.encode() + text + b.encode() for text, (_, _, a, b) in zip(texts, rows, strict=True)
    ]
    body = blank.encode() + b"[" + b",".join(padded) + b"]" + blank.encode()
    assert slices(body, len(rows)) == texts


def test_an_empty_array_has_no_slices():
    assert array_of_objects(b" [ ] ") == ([], [])


def test_objects_within_an_event_and_texts_that_look_like_borders_do_not_cut_it():
    first, second = b'{"a":[{"b":1},{"c":"}, {"}]}', b'{"d":"\\"}, {"}'
    items, originals = array_of_objects(b"[" + first + b" , " + second + b"]")
    assert originals == [first, second]
    assert items == [json.loads(first), json.loads(second)]


def test_a_border_of_another_spacing_is_not_taken_for_one_within_a_text():
    first, second = b'{"a":"},{"}', b'{"b":1}'
    assert slices(b"[" + first + b",\r\n" + second + b"]", 2) == [first, second]


def test_an_escaped_lone_surrogate_costs_one_character_and_not_the_batch():
    items, originals = array_of_objects(rb'[{"a":"x\ud800y"},{"a":"z"}]')
    assert items == [{"a": "x\ufffdy"}, {"a": "z"}]
    assert originals == [rb'{"a":"x\ud800y"}', b'{"a":"z"}']


def test_strings_are_cleaned_and_other_values_left_alone():
    items, _ = array_of_objects('[{"a":"\u202e","n":1,"l":["\u202e"]}]'.encode())
    assert items == [{"a": "\ufffd", "n": 1, "l": ["\u202e"]}]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'[{"a":1},\n{"a":', "line 2, column 6"),
        (rb'[{"a":"\u0041"},{"a":NaN}]', "line 1, column 22"),
        (rb'[{"a":"\u0041"}', "line 1, column 16"),
    ],
)
def test_what_is_not_json_is_named_by_line_and_column(body, place):
    with pytest.raises(BadEvent) as caught:
        array_of_objects(body)
    assert (caught.value.place, caught.value.field) == (place, "body")


# --- one object, and arrays within one -----------------------------------------------------------


def test_a_single_object_or_an_array_of_them():
    assert one_or_many(b' {"a": 1}\n') == ([{"a": 1}], [b'{"a": 1}'])
    assert one_or_many(b'[{"a": 1}]') == ([{"a": 1}], [b'{"a": 1}'])
    for body, why in (
        (b"5", "must be a JSON array"),
        (b"{", "is not valid JSON"),
        (b"", "is not valid JSON"),
    ):
        with pytest.raises(BadEvent, match=why):
            one_or_many(body)
    with pytest.raises(BadEvent, match="must be a JSON object"):
        one_object(b"[]")


@given(st.lists(st.lists(objects, max_size=3), max_size=3), st.booleans(), objects)
@settings(max_examples=100)
def test_the_slices_under_a_key_are_the_exact_bytes_of_the_elements(groups, escape, other):
    body = {"x": other, "u": [{"y": [other], "e": group} for group in groups], "z": [other]}
    raw = json.dumps(body, ensure_ascii=escape, indent=1).encode()
    found = slices_under(raw, "u", "e")
    assert [json.loads(one) for one in found] == [one for group in groups for one in group]
    assert all(one in raw for one in found)


def test_a_key_may_be_escaped_and_the_same_key_elsewhere_is_another():
    raw = rb'{"a": {"events": [{"no": 1}]}, "\u0065vents": [{"b": {"events": [{"no": 2}]}}, 5]}'
    assert slices_under(raw, "events") == [b'{"b": {"events": [{"no": 2}]}}']
