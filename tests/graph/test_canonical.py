import hashlib
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.canonical import canonical, digest

keys = st.text(st.characters(max_codepoint=127), max_size=8)
leaves = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=20
)


@settings(max_examples=300, deadline=None)
@given(values)
def test_bytes_are_those_of_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_keys_are_sorted_and_characters_kept() -> None:
    assert (
        canonical({"b": [1, None, True], "a": "é\u2028\x00\x7f😀"})
        == '{"a":"é\u2028\\u0000\x7f😀","b":[1,null,true]}'.encode()
    )


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), {"é": 1}, {1: 2}, 2**53, -(2**53), "\ud800", [b"x"], {"a": {"b": {1}}}, (1,)]
)
def test_what_has_no_one_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not canonical"):
        canonical(value)


def test_digest_is_sha_256_in_hex() -> None:
    assert digest(b"stemma") == hashlib.sha256(b"stemma").hexdigest()
