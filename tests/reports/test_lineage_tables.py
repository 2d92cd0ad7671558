import csv
import io

from graph.associations import Association, AssociationType
from graph.detours import Detour
from graph.entities import Kind
from graph.levels import Node
from graph.lineage import Direction, Lineage
from graph.times import FOREVER, Moment
from reports.lineage_tables import edges_csv, lineage_document, nodes_csv

LINEAGE = Lineage(
    nodes=[
        Node("arn:a", Kind.ARTIFACT, "DataSet", '=HYPERLINK("x")', 1_700_000_000_123, 0),
        Node("arn:b", Kind.TRIAL_COMPONENT, None, 'quoted "name", with comma', 1_700_000_000_123, 1),
    ],
    edges=[
        Association("arn:a", "arn:b", AssociationType.CONTRIBUTED_TO, 1_700_000_000_123, FOREVER),
        Association("arn:b", "arn:a", AssociationType.PRODUCED, 1_700_000_000_123, 1_700_000_001_000),
    ],
    frontiers={Direction.DESCENDANTS: ["arn:b"]},
    detours=[
        Detour("arn:a", "arn:b", AssociationType.DERIVED_FROM, 1_700_000_000_123, FOREVER, ("arn:h", "arn:i")),
    ],
    moment=Moment(1_700_000_002_000, 1_700_000_002_000_001, 7),
)


def test_document_holds_every_node_and_edge_with_its_times() -> None:
    document = lineage_document(LINEAGE)
    assert [node["arn"] for node in document["nodes"]] == ["arn:a", "arn:b"]
    assert document["nodes"][0]["createdAt"] == "2023-11-14T22:13:20.123000+00:00"
    assert [edge["validTo"] for edge in document["edges"]] == [None, "2023-11-14T22:13:21+00:00", None]
    assert [edge["via"] for edge in document["edges"]] == [[], [], ["arn:h", "arn:i"]]
    assert document["truncated"]
    assert document["frontier"] == ["arn:b"]
    assert document["frontiers"] == [{"direction": "DESCENDANTS", "arns": ["arn:b"]}]
    assert document["viaTruncated"] is False
    assert document["knownAt"] == "2023-11-14T22:13:22.000001+00:00"
    assert document["knownAtSequence"] == 7


def test_tables_are_read_back_as_they_were() -> None:
    rows = list(csv.DictReader(io.StringIO(nodes_csv(LINEAGE))))
    assert rows[1]["name"] == 'quoted "name", with comma'
    assert rows[1]["type"] == ""
    assert [row["via"] for row in csv.DictReader(io.StringIO(edges_csv(LINEAGE)))] == ["", "", "arn:h arn:i"]


def test_a_name_is_never_a_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(nodes_csv(LINEAGE))))
    assert rows[0]["name"] == '\'=HYPERLINK("x")'
