import { expect, test } from "vitest";
import { safeNext } from "./use-session.ts";

test("after a login one stays in this shop", () => {
  expect(safeNext("/p/aurora-lamp?from=home")).toBe("/p/aurora-lamp?from=home");
  for (const bad of [null, "", "https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb"]) expect(safeNext(bad)).toBe("/");
});
