import { expect, test } from "vitest";
import { isConsole, safeNext } from "./next.ts";

const ORIGIN = "https://shop.example";

test("after a login one stays in this shop", () => {
  expect(safeNext("/p/aurora-lamp?from=home", ORIGIN)).toBe("/p/aurora-lamp?from=home");
  expect(safeNext("/admin/orders?status=failed#top", ORIGIN)).toBe("/admin/orders?status=failed#top");
});

test.each([null, "", "orders", "https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/..//evil.example", "/.//evil.example/x", "javascript:alert(1)"])("%j leads to the start", (next) => {
  expect(safeNext(next, ORIGIN)).toBe("/");
});

test("whatever is at or under /admin is the console", () => {
  for (const path of ["/admin", "/admin/", "/admin?x", "/admin#x", "/admin/orders?q=1"]) expect(isConsole(path)).toBe(true);
  for (const path of ["/", "/administrator", "/p/admin", "/admin-lamp"]) expect(isConsole(path)).toBe(false);
});
