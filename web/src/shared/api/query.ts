// Reading through TanStack Query, with this shop's rules for asking again.
import { type Query, QueryClient } from "@tanstack/react-query";
import { isApiError, isTransient } from "./error.ts";
import { nextTryMs, READ_POLICY } from "./retry.ts";
import { session } from "./session.ts";

const AWAY_MS = 4_000;

/** What could not be asked after all tries is asked for again while somebody looks: nobody must reload. */
export function pauseWhileAway({ state: { error } }: Pick<Query, "state">): number | false {
  return isApiError(error) && isTransient(error) ? Math.max(AWAY_MS, error.retryAfterMs ?? 0) : false;
}

export function makeQueryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        refetchInterval: pauseWhileAway,
        retry: (failures, error) => isApiError(error) && nextTryMs(READ_POLICY, failures + 1, error, () => 0) !== null,
        retryDelay: (failures, error) => (isApiError(error) ? nextTryMs(READ_POLICY, failures + 1, error, Math.random) : null) ?? 1_000,
      },
      // A change is repeated by whoever knows that it may be (see intent.ts), never by default.
      mutations: { retry: false },
    },
  });
  // What one account saw is not for the next.
  let shownTo = userOf(session.read());
  session.subscribe(() => {
    const now = userOf(session.read());
    if (now !== undefined && now !== shownTo) client.clear();
    if (now !== undefined) shownTo = now;
  });
  return client;
}

function userOf(state: ReturnType<typeof session.read>): string | null | undefined {
  if (state.kind === "unknown") return undefined;
  return state.kind === "member" ? state.user.id : null;
}
