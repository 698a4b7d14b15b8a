import { expect, test } from "vitest";
import { ServerClock } from "../time/server-clock.ts";
import { makeSend, type Send } from "./transport.ts";

const clock = () => new ServerClock({ monotonic: () => 0, wall: () => 0 });
const request = (signal?: AbortSignal) => new Request("http://shop.test/api/products", signal ? { signal } : {});
const never: Send = () => new Promise(() => undefined);

test("no answer in time is a timeout", async () => {
  await expect(makeSend({ fetch: never, clock: clock(), timeoutMs: 5 })(request())).rejects.toMatchObject({ status: 0, code: "timeout" });
});

test("no connection is its own code", async () => {
  const broken: Send = () => Promise.reject(new TypeError("Failed to fetch"));
  await expect(makeSend({ fetch: broken, clock: clock(), timeoutMs: 1_000 })(request())).rejects.toMatchObject({ status: 0, code: "network" });
});

test("a page that was left is neither", async () => {
  const stop = new AbortController();
  const asked = makeSend({ fetch: never, clock: clock(), timeoutMs: 60_000 })(request(stop.signal));
  stop.abort();
  await expect(asked).rejects.toMatchObject({ code: "aborted" });
});

test("a page that was left before asks for nothing", async () => {
  const asked = makeSend({ fetch: never, clock: clock(), timeoutMs: 60_000 })(request(AbortSignal.abort()));
  await expect(asked).rejects.toMatchObject({ code: "aborted" });
});

test("refusals are answers, and bring the time", async () => {
  const time = clock();
  const refusing: Send = async () => new Response("{}", { status: 503, headers: { "X-Server-Time": "2026-11-27T10:00:00.000Z" } });
  const response = await makeSend({ fetch: refusing, clock: time, timeoutMs: 1_000 })(request());
  expect(response.status).toBe(503);
  expect(time.now()).toBe(Date.parse("2026-11-27T10:00:00Z"));
});
