"""The runner of the corpora: what it counts, and that nothing makes it die."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from tests.corpora import RUNNERS, Result, Right, Skip, read_file, run
from tests.corpora.__main__ import as_table, main
from tests.corpora.jcs import REFUSED, in_profile
from tests.corpora.merkle import SHORT

ROOT = Path(__file__).parents[1]


def write(folder: Path, name: str, *cases: object) -> Path:
    """A set with these cases; a text stands as a line of its own, as it is."""
    (folder / name).mkdir()
    lines = [case if isinstance(case, str) else json.dumps(case) for case in cases]
    (folder / name / "cases.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder


def document(name: str, value: str, canonical: str) -> dict[str, Any]:
    return {
        "id": name,
        "input_b64": b64encode(value.encode()).decode(),
        "expected": {"canonical_b64": b64encode(canonical.encode()).decode()},
    }


def number(bits: str, expected: str) -> dict[str, Any]:
    return {"id": bits, "bits": bits, "expected": expected}


def ran(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([str(folder), "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)["sets"]


def test_the_command_prints_the_sets_as_json(tmp_path: Path) -> None:
    write(tmp_path, "jcs", document("a", '{"b": 1, "a": 2}', '{"a":2,"b":1}'))
    done = subprocess.run(
        [sys.executable, "-m", "tests.corpora", str(tmp_path), "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {
        "sets": {"jcs": {"cases": 1, "right": 1, "wrong": [], "skipped": 0}}
    }


def test_a_folder_that_does_not_exist_is_said_and_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nowhere"), "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"tests.corpora: there is no folder {tmp_path / 'nowhere'}\n"


def test_a_folder_without_sets_is_said_and_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "jcs").mkdir()
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err == (f"tests.corpora: no set (<set>/cases.jsonl) in {tmp_path}\n")


def test_an_answer_that_differs_is_wrong_by_its_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        tmp_path,
        "jcs",
        document("good", '{"a": "é"}', '{"a":"é"}'),
        document("bad", '{"a": 1}', '{"a":2}'),
        number("3ff0000000000000", "1"),
        number("4000000000000000", "3"),
    )
    assert ran(tmp_path, capsys) == {
        "jcs": {"cases": 4, "right": 2, "wrong": ["bad", "4000000000000000"], "skipped": 0}
    }


def test_an_exception_in_a_case_is_a_wrong_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        tmp_path,
        "jcs",
        {"id": "no base64", "input_b64": "%", "expected": {"canonical_b64": ""}},
        {"id": "no bits", "bits": "00", "expected": "0"},
        document("deep", "[" * 100_000, "[]"),
        document("good", "[1]", "[1]"),
    )
    assert ran(tmp_path, capsys) == {
        "jcs": {"cases": 4, "right": 1, "wrong": ["no base64", "no bits", "deep"], "skipped": 0}
    }
    assert main([str(tmp_path), "--why"]) == 0
    assert capsys.readouterr().out.splitlines()[3:] == [
        "wrong, and why:",
        "  jcs no base64: raised Error",
        "  jcs no bits: raised error",
        "  jcs deep: raised RecursionError",
    ]


def test_a_line_that_cannot_be_read_is_a_wrong_case_by_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "jcs", '{"id": "cut', "", "[]", '{"no": "id"}', document("good", "[1]", "[1]"))
    assert ran(tmp_path, capsys) == {
        "jcs": {"cases": 4, "right": 1, "wrong": ["line 1", "line 3", "line 4"], "skipped": 0}
    }


def test_a_set_without_a_runner_is_listed_and_nothing_of_it_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "unheard_of", {"id": "a"}, {"id": "b"})
    assert ran(tmp_path, capsys) == {
        "unheard_of": {"cases": 2, "right": 0, "wrong": [], "skipped": 2}
    }
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        "set  cases  right  skipped  wrong\n\nno runner yet:\n  unheard_of: 2 cases\n"
    )


def test_a_set_that_cannot_be_opened_is_wrong_and_hides_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "merkle_tlog" / "cases.jsonl").mkdir(parents=True)
    write(tmp_path, "jcs", document("good", "[1]", "[1]"))
    assert ran(tmp_path, capsys) == {
        "jcs": {"cases": 1, "right": 1, "wrong": [], "skipped": 0},
        "merkle_tlog": {"cases": 1, "right": 0, "wrong": ["cases.jsonl"], "skipped": 0},
    }


def test_a_runner_that_breaks_has_every_case_wrong_and_hides_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(folder: Path) -> Result:
        raise ImportError(folder.name)

    monkeypatch.setitem(RUNNERS, "broken", broken)
    write(tmp_path, "broken", {"id": "a"}, {"id": "b"})
    write(tmp_path, "jcs", document("good", "[1]", "[1]"))
    assert ran(tmp_path, capsys) == {
        "broken": {"cases": 2, "right": 0, "wrong": ["a", "b"], "skipped": 0},
        "jcs": {"cases": 1, "right": 1, "wrong": [], "skipped": 0},
    }


def test_only_the_named_sets_are_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "jcs", document("good", "[1]", "[1]"))
    write(tmp_path, "merkle_tlog")
    assert list(ran(tmp_path, capsys, "--only", "merkle_tlog")) == ["merkle_tlog"]


def test_skipped_and_right_apart_are_counted_by_their_reason(tmp_path: Path) -> None:
    verdicts: dict[str, bool | Right | Skip] = {
        "a": True,
        "b": Skip("too new"),
        "c": Right("by refusal"),
        "d": Skip("too new"),
        "e": False,
    }
    write(tmp_path, "any", *[{"id": name} for name in verdicts])
    result = run(tmp_path / "any", lambda case: verdicts[case["id"]])
    assert result == Result(5, 2, ("e",), {"too new": 2}, {"e": "differs"}, {"by refusal": 1})
    assert as_table({"any": result}) == (
        "set  cases  right  skipped  wrong\n"
        "any      5      2        2  1: e\n"
        "\n"
        "right, told apart:\n"
        "  any: 1 × by refusal\n"
        "\n"
        "skipped, and why:\n"
        "  any: 2 × too new"
    )


def test_the_table_names_ten_wrong_ids_and_how_many_more() -> None:
    result = Result(12, 0, tuple("abcdefghijkl"))
    assert as_table({"any": result}).splitlines()[1] == (
        "any     12      0        0  12: a, b, c, d, e, f, g, h, i, j, +2"
    )


def test_what_a_terminal_cannot_show_is_escaped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "jcs", {"id": "\ud800"})
    write(tmp_path, "rekor_proofs", {"id": "\ud800"})
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[2] == (
        "rekor_proofs      1      0        0  1: \\ud800"
    )


def test_a_case_names_its_file_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.eml").write_bytes(b"A: \xff\r\n\r\nb\rc\n")
    assert read_file(tmp_path, {"file": "files/a.eml"}) == b"A: \xff\r\n\r\nb\rc\n"


@pytest.mark.parametrize("name", sorted(RUNNERS))
def test_every_runner_in_the_registry_can_be_run(name: str, tmp_path: Path) -> None:
    write(tmp_path, name)
    assert RUNNERS[name](tmp_path / name) == Result(0, 0)


# ---- what counts as right


def test_a_document_outside_the_profile_is_right_only_by_refusal(tmp_path: Path) -> None:
    write(
        tmp_path,
        "jcs",
        document("float", '{"a": 4.50}', '{"a":4.5}'),
        document("key", '{"A": 1}', '{"A":1}'),
        document("large", "[9007199254740992]", "[9007199254740992]"),
        document("inside", "[9007199254740991]", "[9007199254740991]"),
        number("3fe0000000000000", "0.5"),
        number("8000000000000000", "0"),
    )
    result = RUNNERS["jcs"](tmp_path / "jcs")
    assert result == Result(6, 6, how={REFUSED: 4})


def test_a_document_that_is_neither_text_nor_number_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, "jcs", {"id": "a"})
    assert RUNNERS["jcs"](tmp_path / "jcs") == Result(
        1, 0, skipped={"neither a document nor a number": 1}
    )


@pytest.mark.parametrize(
    ("value", "inside"),
    [
        ({"a_1": [None, True, "ü", -(2**53) + 1]}, True),
        ({"": 1}, False),
        ({"a" * 65: 1}, False),
        ({"ä": 1}, False),
        ({"a\n": 1}, False),
        ([1.0], False),
        ([2**53], False),
        (["\0"], False),
        (["\udc00"], False),
    ],
)
def test_the_profile_is_that_of_the_format(value: object, inside: bool) -> None:
    assert in_profile(value) is inside


def test_a_proof_over_no_hash_is_skipped_where_declared_valid_and_right_where_not(
    tmp_path: Path,
) -> None:
    vector = {"size1": 1, "size2": 1, "root1": "YQ==", "root2": "YQ==", "proof": []}
    write(
        tmp_path,
        "merkle_transparency_dev",
        {"id": "a", "type": "consistency", "vector": vector, "expected": {"valid": True}},
        {"id": "b", "type": "consistency", "vector": vector, "expected": {"valid": False}},
        {"id": "c", "type": "sparse", "vector": {}, "expected": {"valid": True}},
    )
    assert RUNNERS["merkle_transparency_dev"](tmp_path / "merkle_transparency_dev") == Result(
        3, 1, skipped={SHORT: 1, "type sparse: no such structure in this release": 1}
    )


def test_a_head_that_differs_is_wrong(tmp_path: Path) -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    write(
        tmp_path,
        "merkle_tlog",
        {"id": "0", "kind": "root", "n": 0, "root": empty, "last_leaf_hash": ""},
        {"id": "1", "kind": "root", "n": 1, "root": empty},
        {"id": "2", "kind": "inclusion", "index": 0, "size": 1, "proof": [empty]},
        {"id": "3", "kind": "consistency", "old": 0, "size": 3, "proof": None},
        {"id": "4", "kind": "tile"},
    )
    result = RUNNERS["merkle_tlog"](tmp_path / "merkle_tlog")
    assert result.right == 2
    assert result.wrong == ("1", "2")
    assert result.skipped == {"kind tile: no such structure in this release": 1}
