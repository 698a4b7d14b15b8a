import { beforeEach, describe, expect, test } from "vitest";
import { MemoryStore } from "../storage.ts";
import { authorised } from "./client.ts";
import { ApiError } from "./error.ts";
import { LOGIN_NAME, Session } from "./session.ts";
import type { Send } from "./transport.ts";

type Answer = (path: string, request: Request) => Response | Promise<Response>;

const user = { id: "01ARZ3NDEKTSV4RRFFQ69G5FAV", email: "ada@example.com", name: "Ada", role: "buyer" as const };
let issued = 0;
const granted = (expiresIn = 900) =>
  Response.json({ status: "success", data: { user, access_token: `token-${++issued}`, token_type: "bearer", expires_in: expiresIn } });
const refusedWith = (status: number, headers = {}) => Response.json({ detail: "no", code: "x", request_id: "r" }, { status, headers });

let store: MemoryStore, asked: string[], waits: number[], clock: number, answer: Answer;

function tab(): Session {
  const send: Send = async (request) => {
    const path = new URL(request.url).pathname;
    asked.push(path);
    return answer(path, request);
  };
  const wait = async (ms: number) => void waits.push(ms);
  return new Session({ send, store, alone, wait, monotonic: () => clock, wall: () => clock, random: () => 1, origin: "http://shop.test" });
}

// The browser's lock: one after the other, also between tabs.
let queue: Promise<unknown> = Promise.resolve();
function alone<T>(work: () => Promise<T>): Promise<T> {
  const run = queue.then(work);
  queue = run.catch(() => undefined);
  return run;
}

beforeEach(() => {
  [store, asked, waits, clock, issued] = [new MemoryStore(), [], [], 1_000_000, 0];
  answer = () => granted();
});

describe("at page load", () => {
  test("a guest asks nothing", async () => {
    const session = tab();
    await session.start();
    expect([session.read(), asked]).toEqual([{ kind: "guest" }, []]);
  });

  test("a login goes on by a refresh", async () => {
    store.set(LOGIN_NAME, user.id);
    const session = tab();
    await session.start();
    expect(session.read()).toEqual({ kind: "member", user });
    expect(asked).toEqual(["/api/auth/refresh"]);
  });

  test("a login that ended is forgotten", async () => {
    store.set(LOGIN_NAME, user.id);
    answer = () => refusedWith(401);
    const session = tab();
    await session.start();
    expect([session.read(), store.get(LOGIN_NAME)]).toEqual([{ kind: "guest" }, null]);
  });

  test("a shop that restarts logs nobody out", async () => {
    store.set(LOGIN_NAME, user.id);
    const answers = [() => Promise.reject(new ApiError(0, "network", "")), () => refusedWith(503, { "Retry-After": "3" }), () => granted()];
    answer = () => answers.shift()!();
    const session = tab();
    await session.start();
    expect(session.read().kind).toBe("member");
    expect(waits).toEqual([500, 3_000]);
  });
});

test("every call asks for the cookie, and nothing but the user's id is stored", async () => {
  const stored: string[] = [];
  const set = store.set.bind(store);
  store.set = (name, value) => {
    stored.push(value);
    set(name, value);
  };
  const headers: (string | null)[] = [];
  answer = (_, request) => {
    headers.push(request.headers.get("X-Session"));
    return granted();
  };
  const session = tab();
  await session.login(user.email, "a long enough one");
  await session.logout();
  expect(headers).toEqual(["cookie", "cookie"]);
  expect(stored).toEqual([user.id]);
});

test("many callers, one refresh", async () => {
  store.set(LOGIN_NAME, user.id);
  const session = tab();
  const tokens = await Promise.all([session.token(), session.token(), session.token()]);
  expect([tokens, asked]).toEqual([["token-1", "token-1", "token-1"], ["/api/auth/refresh"]]);
});

test("two tabs never refresh at once", async () => {
  store.set(LOGIN_NAME, user.id);
  let inside = 0;
  let most = 0;
  answer = async () => {
    most = Math.max(most, ++inside);
    await new Promise((done) => setTimeout(done, 2));
    inside -= 1;
    return granted();
  };
  await Promise.all([tab().start(), tab().start()]);
  expect([most, asked.length, waits]).toEqual([1, 2, []]);
});

test("a token is replaced before it ends", async () => {
  const session = tab();
  await session.login(user.email, "a long enough one");
  clock += 869_000;
  expect(await session.token()).toBe("token-1");
  clock += 2_000;
  expect(await session.token()).toBe("token-2");
});

test("a wrong password is told and changes nothing", async () => {
  answer = () => refusedWith(401);
  const session = tab();
  await session.start();
  await expect(session.login(user.email, "wrong")).rejects.toMatchObject({ status: 401 });
  expect(session.read()).toEqual({ kind: "guest" });
});

test("a logout that did not arrive is no logout", async () => {
  const session = tab();
  await session.login(user.email, "a long enough one");
  answer = () => refusedWith(503);
  await expect(session.logout(true)).rejects.toMatchObject({ status: 503 });
  expect(session.read().kind).toBe("member");
});

test("a new password while the token has run out does not lock itself out", async () => {
  const session = tab();
  await session.login(user.email, "a long enough one");
  clock += 900_000;
  await session.changePassword("a long enough one", "an even longer one");
  expect(asked.slice(1)).toEqual(["/api/auth/refresh", "/api/auth/password"]);
});

test("a logout in another tab is heard", async () => {
  const session = tab();
  await session.login(user.email, "a long enough one");
  store.remove(LOGIN_NAME);
  session.heard(null);
  expect(session.read()).toEqual({ kind: "guest" });
  expect(await session.token()).toBeNull();
});

describe("a request with a token", () => {
  test("that was refused is sent once more with a new one, body included", async () => {
    const session = tab();
    await session.login(user.email, "a long enough one");
    const seen: [string | null, string][] = [];
    const send = authorised(async (request) => {
      seen.push([request.headers.get("Authorization"), await request.text()]);
      return seen.length === 1 ? refusedWith(401) : Response.json({});
    }, session);
    const response = await send(new Request("http://shop.test/api/flash-buy", { method: "POST", body: "one" }));
    expect(response.status).toBe(200);
    expect(seen).toEqual([
      ["Bearer token-1", "one"],
      ["Bearer token-2", "one"],
    ]);
  });

  test("that is refused again stays refused", async () => {
    const session = tab();
    await session.login(user.email, "a long enough one");
    let sent = 0;
    const send = authorised(async () => {
      sent += 1;
      return refusedWith(401);
    }, session);
    expect((await send(new Request("http://shop.test/api/orders"))).status).toBe(401);
    expect(sent).toBe(2);
  });
});
