"""ml-metadata on SQLite, in a process and an environment of its own: a command a line in, an answer a line out."""

import json
import sys
import time
from pathlib import Path

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmarks.shape import Shape, cone

HOPS = 100
BATCH = 1_000


def load(store: metadata_store.MetadataStore, shape: Shape) -> int:
    """Write the graph; the id of its start."""
    dataset = store.put_artifact_type(pb.ArtifactType(name="DataSet"))
    job = store.put_execution_type(pb.ExecutionType(name="TrainingJob"))
    ids: dict[int, int] = {}
    artifacts = shape.artifact()
    nodes = [node for layer in shape.layers for node in layer]
    for begin in range(0, len(nodes), BATCH):
        chunk = nodes[begin : begin + BATCH]
        first = [node for node in chunk if node in artifacts]
        second = [node for node in chunk if node not in artifacts]
        rows = [pb.Artifact(type_id=dataset, name=f"node-{node}", uri=f"s3://bench/{node}") for node in first]
        ids.update(zip(first, store.put_artifacts(rows), strict=True))
        jobs = [pb.Execution(type_id=job, name=f"node-{node}") for node in second]
        ids.update(zip(second, store.put_executions(jobs), strict=True))
    events = []
    for source, destination in shape.edges:
        if source in artifacts:
            event = pb.Event(artifact_id=ids[source], execution_id=ids[destination], type=pb.Event.INPUT)
        else:
            event = pb.Event(artifact_id=ids[destination], execution_id=ids[source], type=pb.Event.OUTPUT)
        events.append(event)
    for begin in range(0, len(events), BATCH):
        store.put_events(events[begin : begin + BATCH])
    return ids[shape.layers[0][0]]


def main() -> None:
    config = pb.ConnectionConfig()
    config.sqlite.filename_uri = sys.argv[1]
    config.sqlite.connection_mode = 3
    store = metadata_store.MetadataStore(config)
    shape = cone(*map(int, sys.argv[2:]))
    start = load(store, shape)
    options = pb.LineageSubgraphQueryOptions(
        starting_artifacts=pb.LineageSubgraphQueryOptions.StartingNodes(filter_query=f"id = {start}"),
        max_num_hops=HOPS,
        direction=pb.LineageSubgraphQueryOptions.Direction.DOWNSTREAM,
    )
    print(json.dumps("ready"), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        graph = store.get_lineage_subgraph(options)
        seconds = time.perf_counter() - began
        answer = {"seconds": seconds, "nodes": len(graph.artifacts) + len(graph.executions), "edges": len(graph.events)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
