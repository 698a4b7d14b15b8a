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
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), parts.timeoutMs);
    const sentAt = parts.clock.ticks();
    try {
      const response = await parts.fetch(new Request(request, { signal: AbortSignal.any([request.signal, deadline.signal]) }));
      parts.clock.observe(response.headers, sentAt);
      return response;
    } catch (cause) {
      if (request.signal.aborted) throw new ApiError(0, "aborted", "The request was given up.");
      if (deadline.signal.aborted) throw new ApiError(0, "timeout", "The shop did not answer in time.");
      if (cause instanceof ApiError) throw cause;
      throw new ApiError(0, "network", "The shop cannot be reached.");
    } finally {
      clearTimeout(timer);
    }
  };
}

export const send: Send = makeSend({ fetch: (request) => fetch(request), clock: serverClock, timeoutMs: TIMEOUT_MS });
