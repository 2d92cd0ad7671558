/** What the page of an entity asks for. */
import { graphql, type ResultOf } from "../graphql";

export const ENTITY = graphql(`
  query Entity($arn: ID!, $asOf: DateTime) {
    entity(arn: $arn, asOf: $asOf) {
      __typename
      arn resourceArn kind type name description owners createdAt modifiedAt deleted
      createdBy { id } modifiedBy { id }
      tags { key value }
      properties { key value }
      metadata { commitId repository generatedBy projectId }
      ... on Artifact { uri: sourceUri sourceTypes { type value } }
      ... on Action { status statusMessage sourceUri startedAt endedAt }
      ... on Context { sourceUri }
      ... on TrialComponent {
        status statusMessage startedAt endedAt
        parameters { key number string }
        metrics { name last minimum maximum count }
      }
      causes: associations(direction: ASCENDANTS, first: 25) {
        nodes { association validFrom validTo sourceEntity { arn kind type name } }
        pageInfo { hasNextPage }
      }
      effects: associations(direction: DESCENDANTS, first: 25) {
        nodes { association validFrom validTo destinationEntity { arn kind type name } }
        pageInfo { hasNextPage }
      }
      impact: lineage(direction: DESCENDANTS, limit: 2000) {
        nodes { arn kind type }
        truncated
      }
    }
    deployments: lineage(start: [$arn], direction: DESCENDANTS, types: ["ModelDeployment"], asOf: $asOf, limit: 100) {
      nodes { arn kind name entity { owners ... on Action { endedAt } } }
    }
  }
`);

export const HISTORY = graphql(`
  query History($arn: ID!, $after: String) {
    entity(arn: $arn) {
      history(first: 20, after: $after) {
        nodes {
          sequence recordedAt validFrom operation door before after
          actor { id }
          proof { leaf digest }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

/** The deployments that an entity touches. */
export type Deployments = ResultOf<typeof ENTITY>["deployments"]["nodes"];
export type Entity = NonNullable<ResultOf<typeof ENTITY>["entity"]>;
