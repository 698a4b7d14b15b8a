import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ApiError } from "../shared/api/error.ts";
import { tellRefusal, tellWait } from "./refusal.ts";

const lamp = { id: "lamp", available: 0, per_user_limit: 2 };
const refused = (status: number, code: string, final: boolean | null = null) => new ApiError(status, code, "As the server puts it.", { final });
const title = (status: number, code: string) => tellRefusal(refused(status, code), lamp).title;

// The document's table of errors: "| 409 | `sale_ended`, `sale_paused` | ... |", "| 413, 415 | ..."
const table = readFileSync(new URL("../../../docs/api.md", import.meta.url), "utf8").split("## Errors")[1]!;
const documented = [...table.matchAll(/^\| (\d{3})[\d, ]* \| (`.+?`) \|/gm)].flatMap(([, status, codes]) => [...codes!.matchAll(/`(\w+)`/g)].map(([, code]): [number, string] => [Number(status), code!]));

/** What a page that keeps to the document is never told after a buy; then the server's own sentence has to do. */
const NOT_OF_A_BUY = ["malformed_json", "malformed_request", "invalid_credentials", "not_found", "order_not_found", "method_not_allowed", "email_taken", "product_exists"];
const NOR_THESE = ["invalid_state", "body_too_large", "unsupported_media_type", "headers_too_large", "validation_error"];
const BY_THE_SERVER = new Set([...NOT_OF_A_BUY, ...NOR_THESE]);

test("the document's table was read", () => {
  const codes = documented.map(([, code]) => code);
  expect(codes).toEqual(expect.arrayContaining(["out_of_stock", "rate_limited", "idempotency_conflict", "headers_too_large", "timeout"]));
});

test.each(documented)("%s %s has words of our own, or is none of a buy", (status, code) => {
  const told = tellRefusal(refused(status, code), lamp);
  expect(told.title === "That did not work").toBe(BY_THE_SERVER.has(code));
  expect(told.title).not.toContain("_");
  expect(told.text).not.toBe("");
  if (BY_THE_SERVER.has(code)) expect(told.text).toBe("As the server puts it.");
});

test("sold out for good is not sold out for now", () => {
  expect(tellRefusal(refused(400, "out_of_stock", true), lamp)).toMatchObject({ tone: "over", title: "Sold out", to: { href: "/" } });
  expect(tellRefusal(refused(400, "out_of_stock", false), lamp)).toMatchObject({ tone: "coming", title: "Sold out for now" });
});

test("too many at once is not sold out", () => {
  expect(tellRefusal(refused(400, "out_of_stock", false), { ...lamp, available: 1 })).toMatchObject({ title: "Not that many are left", text: expect.stringContaining("fewer") });
});

test("who has as many as one may have is told how many that is", () => {
  expect(tellRefusal(refused(409, "purchase_limit"), lamp)).toMatchObject({ text: expect.stringContaining("2"), to: { href: "/orders" } });
  expect(tellRefusal(refused(409, "purchase_limit"), { ...lamp, per_user_limit: null }).text).not.toMatch(/\d|null/);
});

test("whose login ended comes back to this sale", () => {
  expect(tellRefusal(refused(401, "token_expired"), lamp).to?.href).toBe("/login?next=%2Fp%2Flamp");
});

test("an unknown outcome never says that nothing was taken", () => {
  for (const [status, code] of [[0, "timeout"], [0, "network"], [500, "internal_error"], [502, "http_502"], [504, "timeout"], [408, "request_timeout"]] as const) {
    expect(title(status, code)).toBe("No answer yet");
    expect(tellRefusal(refused(status, code), lamp).text).toContain("may have arrived");
  }
});

test("waiting says what for", () => {
  expect([429, 503, 0].map((status) => tellWait(refused(status, "x")))).toEqual(["Too fast", "The shop is overloaded", "The shop is slow to answer"]);
});
