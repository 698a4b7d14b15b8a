import { describe, expect, test } from "vitest";
import { ApiError, errorOf, fieldErrors, isOutcomeUnknown, isTransient, parseRetryAfter } from "./error.ts";

const NOW = Date.parse("2026-11-27T10:00:00Z");
const error = (status: number, code = "x") => new ApiError(status, code, "");

test("Retry-After is seconds or a date", () => {
  expect(parseRetryAfter("9", NOW)).toBe(9_000);
  expect(parseRetryAfter("Fri, 27 Nov 2026 10:00:04 GMT", NOW)).toBe(4_000);
  expect(parseRetryAfter("Fri, 27 Nov 2026 09:00:00 GMT", NOW)).toBe(0);
  expect(parseRetryAfter("soon", NOW)).toBeNull();
  expect(parseRetryAfter(null, NOW)).toBeNull();
});

test("an answer's body becomes the error", async () => {
  const body = { detail: "Out of stock!", code: "out_of_stock", request_id: "r1", final: true };
  const found = await errorOf(new Response(JSON.stringify(body), { status: 400 }), NOW);
  expect(found).toMatchObject({ status: 400, code: "out_of_stock", message: "Out of stock!", final: true, requestId: "r1", retryAfterMs: null });
});

test("a proxy's page of HTML is an error too", async () => {
  const found = await errorOf(new Response("<h1>Bad gateway</h1>", { status: 502, headers: { "Retry-After": "2" } }), NOW);
  expect(found).toMatchObject({ status: 502, code: "http_502", retryAfterMs: 2_000 });
});

test("only the body's fields go to a form, the first message of each", () => {
  const found = new ApiError(422, "validation_error", "", {
    errors: [
      { loc: ["body", "email"], msg: "This is not an e-mail address.", type: "a" },
      { loc: ["body", "email"], msg: "second", type: "b" },
      { loc: ["query", "limit"], msg: "no field", type: "c" },
      { loc: ["body"], msg: "whole body", type: "d" },
    ],
  });
  expect(fieldErrors(found)).toEqual({ email: "This is not an e-mail address." });
});

describe("which errors leave the outcome open", () => {
  test.each([
    [0, "timeout", true, true],
    [0, "network", true, true],
    [0, "aborted", false, false],
    [400, "out_of_stock", false, false],
    [409, "purchase_limit", false, false],
    [429, "rate_limited", false, true],
    [500, "internal_error", true, true],
    [502, "http_502", true, true],
    [503, "overloaded", false, true],
    [504, "timeout", true, true],
  ])("%i %s: unknown %s, transient %s", (status, code, unknown, transient) => {
    expect([isOutcomeUnknown(error(status, code)), isTransient(error(status, code))]).toEqual([unknown, transient]);
  });
});
