/** What the page of a run asks for: how it stands, which is cheap; what it found, which is read from its files. */
import { graphql, type ResultOf } from "../graphql";

export const RUN_STATE = graphql(`
  query RunState($run: ID!) {
    monitoringRun(run: $run) {
      job
      component {
        arn name status statusMessage startedAt endedAt
        properties { key value }
        parameters { key number string }
      }
      execution { schedule status attempt scheduledAt failure endpoint monitoringType }
      data { arn kind name type }
      baseline { arn kind name type }
      others { arn kind name type }
    }
  }
`);

export const RUN_FOUND = graphql(`
  query RunFound($run: ID!) {
    monitoringRun(run: $run) {
      monitoringType
      violationCount
      notices { __typename ... on DocumentText { title text tone } }
      sections {
        heading
        level
        parts {
          __typename
          ... on DocumentText { title text tone }
          ... on DocumentTable { caption columns rows numeric hidden }
          ... on DocumentFigure { svg alt caption table { caption columns rows numeric hidden } }
        }
      }
    }
  }
`);

export const RUN_VIOLATIONS = graphql(`
  query RunViolations($run: ID!, $after: String) {
    monitoringRun(run: $run) {
      violations(first: 20, after: $after) {
        nodes { subject check description entity { arn kind name } column { arn kind name } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

export const RUN_FEATURES = graphql(`
  query RunFeatures($run: ID!, $contains: String, $violating: Boolean!, $after: String) {
    monitoringRun(run: $run) {
      features(contains: $contains, violating: $violating, first: 6, after: $after) {
        nodes {
          name type violates distance threshold
          statistics { caption columns rows numeric hidden }
          figure { svg alt caption table { caption columns rows numeric hidden } }
          column { arn }
        }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
`);

export type RunState = ResultOf<typeof RUN_STATE>["monitoringRun"];
export type RunFound = ResultOf<typeof RUN_FOUND>["monitoringRun"];
export type Feature = ResultOf<typeof RUN_FEATURES>["monitoringRun"]["features"]["nodes"][number];
