import { expect, test } from "vitest";
import { ApiError } from "./error.ts";
import { pauseWhileAway } from "./query.ts";

const after = (error: Error | null) => pauseWhileAway({ state: { error } } as Parameters<typeof pauseWhileAway>[0]);

test("a shop that is away is asked again, not sooner than it said", () => {
  expect(after(new ApiError(0, "network", ""))).toBe(4_000);
  expect(after(new ApiError(503, "overloaded", "", { retryAfterMs: 1_000 }))).toBe(4_000);
  expect(after(new ApiError(429, "rate_limited", "", { retryAfterMs: 30_000 }))).toBe(30_000);
});

test("a refusal is not asked about again, and an answer neither", () => {
  expect(after(new ApiError(404, "product_not_found", ""))).toBe(false);
  expect(after(new TypeError("a bug"))).toBe(false);
  expect(after(null)).toBe(false);
});
