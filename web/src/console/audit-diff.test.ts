import { expect, test } from "vitest";
import { differences } from "./audit-diff.ts";

test("only what changed is told", () => {
  expect(differences({ name: "Lamp", price: 1 }, { name: "Lamp", price: 2 })).toEqual([{ name: "price", before: "1", after: "2" }]);
});

test("what was made has no before, and a bound that went is none", () => {
  expect(differences(null, { id: "lamp" })).toEqual([{ name: "id", before: null, after: "lamp" }]);
  expect(differences({ ends_at: "x" }, { ends_at: null })).toEqual([{ name: "ends_at", before: "x", after: "none" }]);
});

test("nothing noted is nothing", () => expect(differences(null, null)).toEqual([]));
