// How far a follower has come; never back.
MERGE (f:Follower {key: $key})
ON CREATE SET f.name = $name, f.account = $account, f.sequence = 0
SET f.sequence = CASE WHEN f.sequence < $sequence THEN $sequence ELSE f.sequence END
RETURN count(f) AS n
