import { useSyncExternalStore } from "react";
import { type SessionState, session } from "./session.ts";

export const useSession = (): SessionState => useSyncExternalStore(session.subscribe, session.read);

/** Where to go after a login: a path of this shop, never another host. */
export function safeNext(next: string | null): string {
  if (next === null || !/^\/(?![/\\])[^\s\\]*$/.test(next)) return "/";
  return next;
}
