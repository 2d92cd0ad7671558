/** What stands where an answer will be: waiting, nothing, not allowed, failed. */
import { AnswerError } from "./graphql";

export function Busy({ what }: { what: string }) {
  return (
    <p className="state busy" role="status">
      Loading {what} …
    </p>
  );
}

export function Empty({ children }: { children: React.ReactNode }) {
  return <p className="state empty">{children}</p>;
}

const TITLES: Record<string, string> = {
  NOT_FOUND: "Not here",
  FORBIDDEN: "Not for your role",
  UNREACHABLE: "No connection",
  TIMEOUT: "It took too long",
  TOO_EXPENSIVE: "Too much at once",
  THROTTLED: "Too many requests",
};

export function Failed({ error, again }: { error: Error; again?: () => void }) {
  const code = error instanceof AnswerError ? error.code : "INTERNAL";
  const id = error instanceof AnswerError ? error.requestId : undefined;
  return (
    <div className="state failed" role="alert">
      <h2>{TITLES[code] ?? "It did not work"}</h2>
      <p>{error.message}</p>
      {id && <p className="small">Request {id}</p>}
      {again && code !== "FORBIDDEN" && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** A list that comes page by page, as react-query has it. */
interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

/** The button that brings the next page of a list, where there is one. */
export function More({ of, children }: { of: Pages; children: React.ReactNode }) {
  return (
    of.hasNextPage && (
      <p>
        <button type="button" onClick={() => void of.fetchNextPage()} disabled={of.isFetchingNextPage}>
          {children}
        </button>
      </p>
    )
  );
}
