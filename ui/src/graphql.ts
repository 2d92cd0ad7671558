/** One way to ask the service: GraphQL over POST, with the types of the committed schema. */
import { print } from "@0no-co/graphql.web";
import { initGraphQLTada, type TadaDocumentNode } from "gql.tada";
import type { introspection } from "./graphql-env";

export const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { DateTime: string; BigInt: number; JSON: unknown };
}>();

export type { FragmentOf, ResultOf, VariablesOf } from "gql.tada";

/** What the service answered instead of what was asked; `code` is one of its own, such as NOT_FOUND. */
export class AnswerError extends Error {
  readonly code: string;
  readonly requestId: string | undefined;

  constructor(message: string, code: string, requestId?: string) {
    super(message);
    this.name = "AnswerError";
    this.code = code;
    this.requestId = requestId;
  }
}

interface Answer<Result> {
  data?: Result | null;
  errors?: { message: string; extensions?: { code?: string; requestId?: string } }[];
  detail?: string;
  code?: string;
  requestId?: string;
}

export async function ask<Result, Variables>(
  document: TadaDocumentNode<Result, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Result> {
  const body = JSON.stringify({ query: print(document as Parameters<typeof print>[0]), variables });
  let response: Response;
  try {
    response = await fetch("/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body,
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
    throw new AnswerError("The service can't be reached. Is it still running?", "UNREACHABLE");
  }
  let answer: Answer<Result>;
  try {
    answer = (await response.json()) as Answer<Result>;
  } catch {
    throw new AnswerError(`The service answered with status ${response.status} and no JSON.`, "UNREADABLE");
  }
  const [first] = answer.errors ?? [];
  if (first !== undefined) {
    throw new AnswerError(first.message, first.extensions?.code ?? "INTERNAL", first.extensions?.requestId);
  }
  if (!response.ok || answer.data === undefined || answer.data === null) {
    throw new AnswerError(
      answer.detail ?? `The service answered with status ${response.status}.`,
      answer.code ?? "INTERNAL",
      answer.requestId,
    );
  }
  return answer.data;
}
