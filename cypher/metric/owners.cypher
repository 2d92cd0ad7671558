// The trial components that metrics are put to, each with the time since which it exists; [ARN, account] pairs in.
UNWIND $wanted AS want
MATCH (e:Entity {arn: want[0]})
WHERE e.account = want[1] AND NOT e.deleted
RETURN collect([e.arn, e.created_at]) AS owners
