// When to ask again. Pure: chance and time come in as parameters.
import { type ApiError, isApiError, isTransient } from "./error.ts";

export interface RetryPolicy {
  /** Tries in all, the first one included. */
  triesMax: number;
  baseMs: number;
  capMs: number;
  /** A longer Retry-After is not waited for but told: nobody stares at a spinner for a minute. */
  patienceMs: number;
}

/** For reading: quick, and soon honest about it. */
export const READ_POLICY: RetryPolicy = { triesMax: 4, baseMs: 400, capMs: 5_000, patienceMs: 10_000 };
/** For a buy, which has a key and may be repeated: longer, because giving up leaves the outcome unknown. */
export const BUY_POLICY: RetryPolicy = { triesMax: 10, baseMs: 500, capMs: 8_000, patienceMs: 5_000 };

/** Exponential with full jitter in the upper half, so that a crowd does not come back together. */
export function backoffMs(policy: Pick<RetryPolicy, "baseMs" | "capMs">, failures: number, random: () => number): number {
  const ceiling = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(failures - 1, 20));
  return Math.round(ceiling * (0.5 + random() / 2));
}

/** How long to wait after this many failures, or null: do not ask again. Only for what may be repeated. */
export function nextTryMs(policy: RetryPolicy, failures: number, error: ApiError, random: () => number): number | null {
  if (failures >= policy.triesMax || !isTransient(error)) return null;
  if (error.retryAfterMs === null) return backoffMs(policy, failures, random);
  if (error.retryAfterMs > policy.patienceMs) return null;
  // Never earlier than asked for, and spread over the next half second.
  return Math.round(error.retryAfterMs + random() * 500);
}

export const wait = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });

export interface RetryOptions {
  policy: RetryPolicy;
  signal?: AbortSignal;
  /** Called before each wait, so that a page can say "trying again in 3 s". */
  onWait?: (waitMs: number, error: ApiError) => void;
  random?: () => number;
  wait?: typeof wait;
}

/** Calls `attempt` until it succeeds or asking again makes no sense; then throws its last error. */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { policy, signal, onWait, random = Math.random } = options;
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      const pause = isApiError(error) ? nextTryMs(policy, failures, error, random) : null;
      if (pause === null) throw error;
      onWait?.(pause, error as ApiError);
      await (options.wait ?? wait)(pause, signal);
    }
  }
}
