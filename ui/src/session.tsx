/** Who looks at the pages. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type FormEvent, type ReactNode, useContext, useEffect, useRef } from "react";
import { AnswerError } from "./graphql";
import { Busy, Failed } from "./states";

const ADDRESS = "/ui/session";
const MINUTE = 60_000;

export interface Session {
  signedIn: boolean;
  /** Whether the service asks for keys; without them everybody on this machine is its administrator. */
  needed: boolean;
  account?: string;
  actor?: string;
  role?: "READER" | "WRITER" | "APPROVER" | "ADMIN";
  reason?: string;
}

const Current = createContext<Session>({ signedIn: false, needed: true });

export function useSession(): Session {
  return useContext(Current);
}

/** Whether the one who looks may take a decision on a version. */
export function mayApprove(session: Session): boolean {
  return session.role === "APPROVER" || session.role === "ADMIN";
}

async function session(init?: RequestInit): Promise<Session> {
  const response = await fetch(ADDRESS, init);
  if (response.status === 204) {
    return { signedIn: false, needed: true };
  }
  const said = await response.json();
  if (!response.ok) {
    throw new AnswerError(said.detail, said.code, said.requestId);
  }
  return said;
}

export function SessionGate({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const found = useQuery({
    queryKey: ["session"],
    queryFn: () => session(),
    refetchInterval: 10 * MINUTE,
    staleTime: 5 * MINUTE,
  });
  useEffect(() => {
    // A session that ended elsewhere shows itself as a refused answer: look who we are, and show the sign-in.
    return client.getQueryCache().subscribe((event) => {
      const error = event.type === "updated" && event.action.type === "error" ? event.action.error : null;
      if (error instanceof AnswerError && error.code === "UNAUTHENTICATED" && event.query.queryKey[0] !== "session") {
        void client.invalidateQueries({ queryKey: ["session"] });
      }
    });
  }, [client]);
  if (found.isPending) {
    return <Busy what="the session" />;
  }
  if (found.isError) {
    return <Failed error={found.error} again={() => void found.refetch()} />;
  }
  if (!found.data.signedIn) {
    return <SignIn {...(found.data.reason === undefined ? {} : { reason: found.data.reason })} />;
  }
  return <Current value={found.data}>{children}</Current>;
}

function SignIn({ reason }: { reason?: string }) {
  const client = useQueryClient();
  const first = useRef<HTMLInputElement>(null);
  const begin = useMutation({
    mutationFn: (given: { accessKeyId: string; secretAccessKey: string }) =>
      session({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given) }),
    onSuccess: (said) => client.setQueryData(["session"], said),
  });
  useEffect(() => first.current?.focus(), []);
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    begin.mutate({ accessKeyId: String(form.get("id")), secretAccessKey: String(form.get("secret")) });
  }
  return (
    <main className="sign-in">
      <h1>Sign in to Stemma</h1>
      <p>
        With an access key that <code>stemma keys create</code> made. The key itself is not kept in this browser.
      </p>
      {reason && <p className="note">{reason}</p>}
      <form onSubmit={submit}>
        <label>
          Access key id
          <input ref={first} name="id" autoComplete="username" spellCheck={false} required />
        </label>
        <label>
          Secret access key
          <input name="secret" type="password" autoComplete="current-password" required />
        </label>
        <button type="submit" className="primary" disabled={begin.isPending}>
          Sign in
        </button>
      </form>
      <p role="alert">{begin.isError ? "This key does not open. Check both parts, and that it is active." : ""}</p>
    </main>
  );
}

export function SignOut() {
  const client = useQueryClient();
  const current = useSession();
  const end = useMutation({
    mutationFn: () => session({ method: "DELETE" }),
    onSuccess: () => {
      client.setQueryData(["session"], { signedIn: false, needed: true });
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
    },
  });
  if (!current.needed) {
    return null;
  }
  return (
    <button type="button" className="quiet" onClick={() => end.mutate()}>
      Sign out
    </button>
  );
}
