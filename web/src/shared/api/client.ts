// The typed way to the API: `const { data } = await ok(api.GET("/api/products"))`.
import createClient from "openapi-fetch";
import { ApiError, errorOf, isApiError } from "./error.ts";
import type { paths } from "./schema.ts";
import { type Session, session } from "./session.ts";
import { type Send, send } from "./transport.ts";

/** Adds the token when there is one, and fetches a new one, once, when the server refuses it. */
export function authorised(sender: Send, from: Pick<Session, "token" | "replace">): Send {
  return async (request) => {
    const token = await from.token();
    if (token === null) return sender(request);
    const again = request.clone();
    const response = await sender(withToken(request, token));
    if (response.status !== 401) return response;
    const next = await from.replace(token);
    return next === null ? response : sender(withToken(again, next));
  };
}

function withToken(request: Request, token: string): Request {
  const headers = new Headers(request.headers);
  headers.set("Authorization", `Bearer ${token}`);
  return new Request(request, { headers });
}

/** For what openapi-fetch has no words for: streams, files. */
export const authorisedSend: Send = authorised(send, session);

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? "http://localhost", fetch: authorisedSend });

/** The whole body of a success ({status, data, next_cursor?}); anything else is thrown as ApiError. */
export async function ok<Body>(asked: Promise<{ data?: Body; error?: unknown; response: Response }>): Promise<Body> {
  const { data, error, response } = await asked.catch(cutOff);
  if (response.ok) return data as Body;
  // openapi-fetch has read the body already: what it found is what errorOf would find.
  throw await errorOf(new Response(JSON.stringify(error ?? null), { status: response.status, headers: response.headers }), Date.now());
}

/** An answer began and its rest did not come, or made no sense: what was asked may have happened. */
function cutOff(cause: unknown): never {
  throw isApiError(cause) ? cause : new ApiError(0, "network", "The shop's answer was cut off.");
}
