// Server-sent events over fetch, because EventSource cannot send a token. Reconnects by itself; the first event
// of every stream is the present state, so nothing has to be caught up.
import { createParser } from "eventsource-parser";
import { type ApiError, errorOf, isApiError, isTransient } from "../api/error.ts";
import { backoffMs, wait as realWait } from "../api/retry.ts";
import type { Send } from "../api/transport.ts";

/** reconnecting: it was lost or never came; show it. ended: the server will not have us; `error` says why. */
export type StreamState = { kind: "connecting" } | { kind: "live" } | { kind: "reconnecting"; tries: number } | { kind: "ended"; error: ApiError };

export interface StreamOptions {
  url: string;
  /** authorisedSend, or send for open streams. */
  send: Send;
  onEvent: (name: string, data: unknown) => void;
  onState: (state: StreamState) => void;
  signal: AbortSignal;
  random?: () => number;
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  silenceMs?: number;
}

const BACKOFF = { baseMs: 500, capMs: 15_000 };
/** The server writes a comment every 15 s. Nothing for this long: the line is dead, whatever TCP believes. */
export const SILENCE_MS = 40_000;

/** Runs until the signal is aborted or the stream ended for good. Never throws. */
export async function follow(options: StreamOptions): Promise<void> {
  const { signal, onState, random = Math.random, wait = realWait } = options;
  const report = (state: StreamState) => signal.aborted || onState(state);
  report({ kind: "connecting" });
  for (let failures = 0; !signal.aborted; ) {
    let retryAfterMs: number | null = null;
    let isLive = false;
    const alive = () => {
      if (!isLive) report({ kind: "live" });
      isLive = true;
      failures = 0;
    };
    try {
      await readOnce(options, alive);
    } catch (error) {
      if (isApiError(error) && !isTransient(error) && error.code !== "aborted") return void report({ kind: "ended", error });
      if (isApiError(error)) retryAfterMs = error.retryAfterMs;
    }
    failures += 1;
    report({ kind: "reconnecting", tries: failures });
    const pause = retryAfterMs === null ? backoffMs(BACKOFF, failures, random) : retryAfterMs + random() * 1_000;
    await wait(Math.round(pause), signal).catch(() => undefined);
  }
}

async function readOnce(options: StreamOptions, onAlive: () => void): Promise<void> {
  const response = await options.send(new Request(options.url, { headers: { Accept: "text/event-stream" }, signal: options.signal }));
  if (!response.ok || response.body === null) throw await errorOf(response, Date.now());
  const parser = createParser({
    onEvent: (event) => {
      onAlive();
      const data = parseJson(event.data);
      if (data !== undefined && !options.signal.aborted) options.onEvent(event.event ?? "message", data);
    },
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  // Cancelled, a read ends as if the server had closed.
  const cancel = () => void reader.cancel().catch(() => undefined);
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  options.signal.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      clearTimeout(watchdog);
      watchdog = setTimeout(cancel, options.silenceMs ?? SILENCE_MS);
      const { done, value } = await reader.read();
      if (done) return;
      parser.feed(value);
    }
  } finally {
    clearTimeout(watchdog);
    options.signal.removeEventListener("abort", cancel);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
