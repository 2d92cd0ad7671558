import pytest

from graph import limits
from graph.errors import InvalidError


@pytest.mark.parametrize("name", ["a", "A-1", "a--b", "x" * 120, "0"])
def test_names_are_letters_digits_and_inner_hyphens(name: str) -> None:
    assert limits.name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "a b", "a/b", "é", "x" * 121, "a\n", "a\x00", "١", "-" * 100])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidError) as caught:
        limits.name(name)
    assert caught.value.path == "name"


@pytest.mark.parametrize("value", ["", "é😀", "a\tb\r\n", "\u00a0\u2028", "\uffff\U0010ffff"])
def test_text_is_any_characters(value: str) -> None:
    assert limits.text(value, "description", maximum=10) == value


@pytest.mark.parametrize("value", ["\x00", "a\x1b", "\x7f", "\ud800", "a" * 11])
def test_controls_surrogates_and_length_are_refused(value: str) -> None:
    with pytest.raises(InvalidError) as caught:
        limits.text(value, "description", maximum=10)
    assert caught.value.path == "description"


def test_single_lines_have_no_line_ends() -> None:
    with pytest.raises(InvalidError, match="U\\+000A at position 1"):
        limits.text("a\nb", "name", maximum=10, lines=False)


def test_tags_keep_their_order_and_properties_are_sorted() -> None:
    assert limits.tags({"b": "1", "a": ""}) == [["b", "1"], ["a", ""]]
    assert limits.properties({"b": "1", "a": ""}, artifact=False) == [["a", ""], ["b", "1"]]


def test_tags_have_limits() -> None:
    assert len(limits.tags({f"k{n}": "v" * 256 for n in range(50)})) == 50
    for wrong in ({f"k{n}": "" for n in range(51)}, {"": "v"}, {"k" * 129: "v"}, {"k": "v" * 257}, {"a\tb": "v"}):
        with pytest.raises(InvalidError):
            limits.tags(wrong)


def test_properties_have_limits() -> None:
    assert limits.properties({"k": "v" * 4096}, artifact=True)
    assert limits.properties({"k" * 2500: "v" * 2500}, artifact=False)
    for wrong in ({f"k{n}": "" for n in range(31)}, {"": "v"}, {"k" * 2501: ""}, {"k": "v" * 2501}):
        with pytest.raises(InvalidError):
            limits.properties(wrong, artifact=False)
    with pytest.raises(InvalidError):
        limits.properties({"k": "v" * 4097}, artifact=True)


def test_source_types_are_known_ones_and_sorted() -> None:
    assert limits.source_types([("S3ETag", "b"), ("MD5Hash", "a")]) == [["MD5Hash", "a"], ["S3ETag", "b"]]
    for wrong in ([("Sha", "x")], [("Custom", "x" * 257)], [("Custom", str(n)) for n in range(51)]):
        with pytest.raises(InvalidError):
            limits.source_types(wrong)


def test_metadata_has_four_keys_of_limited_length() -> None:
    assert limits.metadata({"Repository": "r", "CommitId": "c"}) == [["CommitId", "c"], ["Repository", "r"]]
    for wrong in ({"Commit": "c"}, {"CommitId": "c" * 1025}):
        with pytest.raises(InvalidError, match="metadata"):
            limits.metadata(wrong)
