"""Ways through hidden entities without a database; test_oracle.py has random ones."""

import pytest

from graph.associations import Association, AssociationType
from graph.detours import along, detours

CONTRIBUTED, PRODUCED = AssociationType.CONTRIBUTED_TO, AssociationType.PRODUCED
DERIVED, SAME, ASSOCIATED = AssociationType.DERIVED_FROM, AssociationType.SAME_AS, AssociationType.ASSOCIATED_WITH


def edge(
    source: str, destination: str, kind: AssociationType = CONTRIBUTED, begin: int = 1, end: int = 9
) -> Association:
    return Association(source, destination, kind, begin, end)


def fan(width: int) -> tuple[list[str], list[Association]]:
    """So many entities that lead into one hidden hub and as many out of it."""
    inner = [f"in-{number:03}" for number in range(width)]
    outer = [f"out-{number:03}" for number in range(width)]
    return [*inner, *outer], [*(edge(arn, "hub") for arn in inner), *(edge("hub", arn, PRODUCED) for arn in outer)]


def test_a_hidden_job_lies_between_its_input_and_its_model() -> None:
    found, cut = detours(
        ["data", "model"], {"job"}, [edge("data", "job", begin=2), edge("job", "model", PRODUCED, end=7)]
    )
    assert found == [("data", "model", CONTRIBUTED, 2, 7, ("job",))]
    assert not cut


def test_the_shortest_way_is_told_and_none_leads_through_what_is_shown() -> None:
    edges = [
        edge("a", "h1"),
        edge("h1", "h2"),
        edge("h2", "b"),
        edge("h2", "h1"),
        edge("a", "h3"),
        edge("h3", "b"),
        edge("b", "h4"),
    ]
    edges += [edge("h4", "c"), edge("c", "a"), edge("h4", "h4x"), edge("a", "c")]
    found, cut = detours(["a", "b", "c"], {"h1", "h2", "h3", "h4"}, edges)
    assert [(way.source, way.destination, way.via) for way in found] == [("a", "b", ("h3",)), ("b", "c", ("h4",))]
    assert not cut


def test_of_several_edges_the_one_that_says_most_counts() -> None:
    edges = [edge("a", "h", ASSOCIATED), edge("a", "h", DERIVED), edge("h", "b", DERIVED, begin=3)]
    assert detours(["a", "b"], {"h"}, edges)[0] == [("a", "b", DERIVED, 3, 9, ("h",))]


@pytest.mark.parametrize(
    ("way", "says"),
    [
        ([DERIVED, DERIVED], DERIVED),
        ([SAME, DERIVED], DERIVED),
        ([SAME, SAME], SAME),
        ([CONTRIBUTED, PRODUCED], CONTRIBUTED),
        ([DERIVED, PRODUCED, SAME], CONTRIBUTED),
        ([PRODUCED, ASSOCIATED], ASSOCIATED),
    ],
)
def test_a_way_says_no_more_than_each_of_its_edges(way: list[AssociationType], says: AssociationType) -> None:
    assert along(way) is says


def test_budgets_end_the_search_and_are_told() -> None:
    shown, edges = fan(30)
    whole, cut = detours(shown, {"hub"}, edges)
    assert (len(whole), cut) == (900, False)
    assert len({(way.source, way.destination) for way in whole}) == 900
    assert detours(shown, {"hub"}, edges, pairs=900) == (whole, False)
    assert detours(shown, {"hub"}, edges, pairs=70) == (whole[:70], True)
    few, cut = detours(shown, {"hub"}, edges, steps=100)
    assert cut
    assert 0 < len(few) <= 50
    assert few == whole[: len(few)]
