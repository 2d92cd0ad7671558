import pytest

from api.sagemaker.tokens import Tokens, query_of
from graph.errors import InvalidError
from graph.times import Moment

WHEN = Moment(1, 2, 3)
QUERY = query_of("1" * 12, "ListArtifacts", {"ArtifactType": "DataSet", "MaxResults": 5})


def test_a_token_says_where_to_go_on_whatever_the_size_of_the_page() -> None:
    token = Tokens(b"k" * 32).encode(QUERY, WHEN, ["a", 1])
    again = query_of("1" * 12, "ListArtifacts", {"ArtifactType": "DataSet", "MaxResults": 9, "NextToken": token})
    assert Tokens(b"k" * 32).decode(token, again) == (WHEN, ["a", 1])


@pytest.mark.parametrize(
    "query",
    [
        query_of("2" * 12, "ListArtifacts", {"ArtifactType": "DataSet"}),
        query_of("1" * 12, "ListActions", {"ArtifactType": "DataSet"}),
        query_of("1" * 12, "ListArtifacts", {"ArtifactType": "Model"}),
        query_of("1" * 12, "ListArtifacts", {}),
    ],
)
def test_a_token_belongs_to_one_account_operation_and_query(query: str) -> None:
    tokens = Tokens(b"k" * 32)
    with pytest.raises(InvalidError, match="NextToken"):
        tokens.decode(tokens.encode(QUERY, WHEN, "x"), query)


def test_a_token_that_was_changed_is_refused() -> None:
    tokens = Tokens(b"k" * 32)
    token = tokens.encode(QUERY, WHEN, "place")
    for position in range(len(token)):
        for other in "AB":
            changed = token[:position] + other + token[position + 1 :]
            if changed != token:
                with pytest.raises(InvalidError):
                    tokens.decode(changed, QUERY)
    for wrong in ("", "é", "=", Tokens(b"x" * 32).encode(QUERY, WHEN, "place")):
        with pytest.raises(InvalidError):
            tokens.decode(wrong, QUERY)
