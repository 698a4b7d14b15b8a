// Code that did not come: the shop was away for a moment, or a new version took the old files' place. A page that
// is loaded anew has the right names and forgets what the browser remembers of a failed import.
import { backoffMs, wait as realWait } from "./api/retry.ts";
import { send } from "./api/transport.ts";

const NAME = "scalemart.reloaded";
/** Loaded anew and still not whole: more of the same would be a loop. */
export const RELOAD_PAUSE_MS = 5 * 60_000;
const BACKOFF = { baseMs: 500, capMs: 10_000 };

const lost = new WeakSet<object>();
const lostStyles = new Set<HTMLLinkElement>();

/** Vite tells of each import that failed, before whoever asked for it hears. */
export function watchForLostCode(): void {
  window.addEventListener("vite:preloadError", (event) => void lost.add(event.payload));
  const isStyle = (target: EventTarget | null) => target instanceof HTMLLinkElement && target.rel === "stylesheet";
  window.addEventListener("error", ({ target }) => isStyle(target) && lostStyles.add(target as HTMLLinkElement), true);
}

export const isLostCode = (error: unknown): boolean => typeof error === "object" && error !== null && lost.has(error);

/** Vite puts a style in once and never again, also when it did not come. Those are put in anew. */
export async function bringStyles(): Promise<void> {
  await Promise.all([...lostStyles].map(bringStyle));
}

function bringStyle(link: HTMLLinkElement): Promise<void> {
  const again = link.cloneNode() as HTMLLinkElement;
  lostStyles.delete(link); // the new one takes its place there if it does not come either
  return new Promise((came, failed) => {
    again.onload = () => came();
    again.onerror = () => {
      const error = new Error(`${again.href} did not come`);
      lost.add(error);
      failed(error);
    };
    link.replaceWith(again);
  });
}

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
