// Code that did not come: the shop was away for a moment, or a new version took the old files' place. A page that
// is loaded anew has the right names and forgets what the browser remembers of a failed import.
import { backoffMs, wait as realWait } from "./api/retry.ts";
import { send } from "./api/transport.ts";

const NAME = "scalemart.reloaded";
/** Loaded anew and still not whole: more of the same would be a loop. */
export const RELOAD_PAUSE_MS = 5 * 60_000;
const BACKOFF = { baseMs: 500, capMs: 10_000 };

const lost = new WeakSet<object>();

/** Vite tells of each import that failed, before whoever asked for it hears. */
export function watchForLostCode(): void {
  window.addEventListener("vite:preloadError", (event) => void lost.add(event.payload));
}

export const isLostCode = (error: unknown): boolean => typeof error === "object" && error !== null && lost.has(error);

/** True once in five minutes. Without a memory that outlives the page, never. */
export function mayReload(storage: () => Pick<Storage, "getItem" | "setItem">, now: number): boolean {
  try {
    const last = Number(storage().getItem(NAME) ?? Number.NaN);
    if (Math.abs(now - last) < RELOAD_PAUSE_MS) return false;
    storage().setItem(NAME, String(now));
    return storage().getItem(NAME) === String(now);
  } catch {
    return false;
  }
}

interface Parts {
  isReachable: () => Promise<boolean>;
  mayReload: () => boolean;
  reload: () => void;
  signal: AbortSignal;
  random?: () => number;
  wait?: typeof realWait;
}

/** Waits until the shop is there, then loads the page anew. False: that was done just now, and did not help. */
export async function recover({ isReachable, signal, random = Math.random, wait = realWait, ...parts }: Parts): Promise<boolean> {
  for (let failures = 1; !(await isReachable()); failures++) await wait(backoffMs(BACKOFF, failures, random), signal);
  if (signal.aborted || !parts.mayReload()) return false;
  parts.reload();
  return true;
}

export const recoverPage = (signal: AbortSignal): Promise<boolean> =>
  recover({
    isReachable: () => send(new Request(new URL("/healthz", location.origin))).then((answer) => answer.ok, () => false),
    mayReload: () => mayReload(() => sessionStorage, Date.now()),
    reload: () => location.reload(),
    signal,
  });
