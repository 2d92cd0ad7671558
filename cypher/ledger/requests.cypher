// The entries of requests that were seen before.
UNWIND $requests AS request
MATCH (x:ChainEntry {request: request})
RETURN collect([x.request, x.sequence, x.payload, x.hash, x.recorded]) AS seen
