/** What the pages of the model registry ask for. */
import { graphql, type ResultOf } from "../graphql";

export const GROUPS = graphql(`
  query Groups($contains: String, $after: String) {
    modelGroups(contains: $contains, first: 50, after: $after) {
      nodes {
        arn resourceArn displayName description createdAt
        aliases { name version }
        latest { version approval }
        latestApproved { version }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
`);

export const COLLECTIONS = graphql(`
  query Collections {
    collections(first: 100) {
      nodes {
        arn displayName
        parent { arn }
        groups(first: 20) {
          nodes { arn resourceArn displayName }
          pageInfo { hasNextPage }
        }
      }
      pageInfo { hasNextPage }
    }
  }
`);

export type Collection = ResultOf<typeof COLLECTIONS>["collections"]["nodes"][number];

/** The collections that lie in one, or at the root; those whose parent is not among them lie at the root, too. */
export function within(collections: readonly Collection[], parent: string | null): Collection[] {
  const known = new Set(collections.map(({ arn }) => arn));
  return collections.filter((each) => {
    const above = each.parent !== null && known.has(each.parent.arn) ? each.parent.arn : null;
    return above === parent;
  });
}

export const GROUP = graphql(`
  query Group($group: ID!) {
    modelGroup(group: $group) {
      arn resourceArn displayName description owners createdAt
      aliases { name version }
      versions(first: 50) {
        nodes {
          arn resourceArn name version approval approvalReason description createdAt aliases
          createdBy { id }
          approvals { decision effective overridden at reason by { id } action { arn } }
          containers { image modelDataUrl }
        }
        pageInfo { hasNextPage }
      }
    }
    deployments(group: $group, first: 20) {
      nodes { action { arn name } endpoint variant versions startedAt }
    }
  }
`);

export const STANDING = graphql(`
  query Standing($group: ID!, $version: String!) {
    modelVersion(group: $group, version: $version) {
      standing {
        passed missing overridden
        results { gate wanted found passed evidence { arn uri by { id } } }
        stale { text arn at }
      }
    }
  }
`);

export const DECIDE = graphql(`
  mutation Decide($input: DecideInput!) {
    decide(input: $input) { sequence }
  }
`);

export const ALIAS = graphql(`
  mutation Alias($input: SetAliasInput!) {
    setAlias(input: $input) { sequence }
  }
`);

export const COMPARE = graphql(`
  query Compare($a: ID!, $b: ID!) {
    compareModelVersions(a: $a, b: $b) {
      metrics { name a b same }
      parameters { name a b same }
      data { name a b same }
      features { name a b same }
      onlyA { arn kind name }
      onlyB { arn kind name }
      truncated
    }
  }
`);

export type Compared = ResultOf<typeof COMPARE>["compareModelVersions"];
export type Group = NonNullable<ResultOf<typeof GROUP>["modelGroup"]>;
export type Version = Group["versions"]["nodes"][number];

/** By what the registry knows a group. */
export function nameOf(group: { resourceArn: string | null; displayName: string }): string {
  return group.resourceArn?.split("/").pop() ?? group.displayName;
}
