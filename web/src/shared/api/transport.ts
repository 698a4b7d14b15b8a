// One request on the wire: a deadline, the server's clock read off every answer, and errors as ApiError.
import { type ServerClock, serverClock } from "../time/server-clock.ts";
import { ApiError } from "./error.ts";

export const TIMEOUT_MS = 10_000;

export type Send = (request: Request) => Promise<Response>;

export interface TransportParts {
  fetch: Send;
  clock: ServerClock;
  timeoutMs: number;
}

/**
 * Resolves with whatever the server answered, errors included; throws ApiError with status 0 when nothing
 * was heard in time. The deadline is for the head of the answer: a stream may go on.
 */
export function makeSend(parts: TransportParts): Send {
  return async (request) => {
    const stop = new AbortController();
    const giveUp = (code: string, message: string) => stop.abort(new ApiError(0, code, message));
    const leave = () => giveUp("aborted", "The request was given up.");
    // Not left to fetch alone: whatever it does with the signal, the deadline holds.
    const stopped = new Promise<never>((_, reject) => stop.signal.addEventListener("abort", () => reject(stop.signal.reason)));
    const timer = setTimeout(() => giveUp("timeout", "The shop did not answer in time."), parts.timeoutMs);
    request.signal.addEventListener("abort", leave);
    if (request.signal.aborted) leave();
    const sentAt = parts.clock.ticks();
    try {
      const response = await Promise.race([stopped, parts.fetch(new Request(request, { signal: stop.signal }))]);
      parts.clock.observe(response.headers, sentAt);
      return response;
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      throw new ApiError(0, "network", "The shop cannot be reached.");
    } finally {
      clearTimeout(timer);
    }
  };
}

export const send: Send = makeSend({ fetch: (request) => fetch(request), clock: serverClock, timeoutMs: TIMEOUT_MS });
