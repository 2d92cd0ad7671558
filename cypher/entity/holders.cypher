// Who had resources' own ARNs at one moment, else who had them last as known then.
UNWIND $arns AS arn
MATCH (r:Revision {resource_arn: arn})
WHERE r.account = $account AND r.recorded_from <= $known
WITH arn, r, CASE WHEN r.valid_from <= $at AND r.valid_to > $at AND r.recorded_to > $known THEN 0 ELSE 1 END AS away
ORDER BY away, r.key DESC
WITH arn, collect(r.arn) AS arns
RETURN collect([arn, arns[0]]) AS found
