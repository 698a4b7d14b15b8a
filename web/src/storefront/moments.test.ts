import { expect, test } from "vitest";
import { firstMoment, nextMoment } from "./moments.ts";

const [NOON, ONE, TWO] = ["2026-11-27T12:00:00.000Z", "2026-11-27T13:00:00.000Z", "2026-11-27T14:00:00.000Z"];

test.each([
  ["scheduled", NOON, ONE, { at: NOON, opens: true }],
  ["live", NOON, ONE, { at: ONE, opens: false }],
  ["paused", NOON, ONE, { at: ONE, opens: false }],
  ["sold_out", NOON, ONE, { at: ONE, opens: false }],
  ["live", NOON, null, null],
  ["ended", NOON, ONE, null],
] as const)("a sale that is %s from %s to %s", (state, starts_at, ends_at, next) => {
  expect(nextMoment({ state, starts_at, ends_at })).toEqual(next);
});

test("the first of many is the next to change", () => {
  const sale = (state: "scheduled" | "live" | "ended", starts_at: string | null, ends_at: string | null) => ({ state, starts_at, ends_at });
  expect(firstMoment([sale("live", NOON, TWO), sale("scheduled", ONE, null), sale("ended", null, NOON)])).toBe(ONE);
  expect(firstMoment([sale("live", NOON, null)])).toBeNull();
  expect(firstMoment([])).toBeNull();
});
