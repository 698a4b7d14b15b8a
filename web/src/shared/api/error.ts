// What went wrong with a request, in one type: the server's refusal, or no answer at all.
import type { ErrorBody } from "./types.ts";

export type FieldError = NonNullable<ErrorBody["errors"]>[number];

/** status 0: nothing was heard. code is then `timeout`, `network` or `aborted`. */
export class ApiError extends Error {
  readonly status: number;
  /** For decisions; `message` is for people. */
  readonly code: string;
  readonly errors: readonly FieldError[];
  readonly retryAfterMs: number | null;
  /** Only with `out_of_stock`: no unit can come back by itself. */
  readonly final: boolean | null;
  readonly requestId: string | null;

  constructor(status: number, code: string, message: string, more: Partial<Omit<ApiError, "status" | "code" | "message">> = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.errors = more.errors ?? [];
    this.retryAfterMs = more.retryAfterMs ?? null;
    this.final = more.final ?? null;
    this.requestId = more.requestId ?? null;
  }
}

export const isApiError = (error: unknown, code?: string): error is ApiError =>
  error instanceof ApiError && (code === undefined || error.code === code);

/** What was asked may have happened: look it up, or ask again with the same idempotency key. */
export const isOutcomeUnknown = (error: ApiError): boolean =>
  error.code !== "aborted" && (error.status === 0 || [408, 500, 502, 504].includes(error.status));

/** The same request may be right later. Nothing was taken when the server said 429 or 503. */
export const isTransient = (error: ApiError): boolean =>
  isOutcomeUnknown(error) || error.status === 429 || error.status === 503;

/** {"email": "This is not an e-mail address."}: the first message of each field of the body, for forms. */
export function fieldErrors(error: ApiError): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { loc, msg } of error.errors) {
    if (loc?.[0] !== "body" || loc.length < 2 || msg === undefined) continue;
    found[loc.slice(1).join(".")] ??= msg;
  }
  return found;
}

/** Retry-After is seconds or a date (RFC 9110, 10.2.3). Nonsense is null. */
export function parseRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

/** The error an answer is. Bodies of proxies, which are no JSON, give a sentence of our own. */
export async function errorOf(response: Response, nowMs: number): Promise<ApiError> {
  const body = (await response.json().catch(() => null)) as Partial<ErrorBody> | null;
  return new ApiError(response.status, body?.code ?? `http_${response.status}`, body?.detail ?? "The shop did not answer as it should.", {
    errors: body?.errors ?? [],
    retryAfterMs: parseRetryAfter(response.headers.get("Retry-After"), nowMs),
    final: body?.final ?? null,
    requestId: body?.request_id ?? response.headers.get("X-Request-Id"),
  });
}
