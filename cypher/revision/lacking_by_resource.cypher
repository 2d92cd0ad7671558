// Revisions of the schema's versions before 9 that may be of registry objects, by their key.
MATCH (r:Revision)
WHERE r.key > $after AND r.by_resource IS NULL AND (r.resource_arn CONTAINS ':model' OR r.resource_arn CONTAINS ':endpoint' OR r.resource_arn CONTAINS ':group/'
  OR r.resource_arn CONTAINS ':monitoring-schedule' OR r.resource_arn CONTAINS '-job-definition/')
WITH r ORDER BY r.key LIMIT $limit
RETURN collect([r.key, r.body]) AS revisions
