import { describe, expect, test } from "vitest";
import { formatCountdown, formatMoney, formatMs, minorDigits, parseMoney, savingPercent, sayDuration, withoutZeros } from "./format.ts";

const digitsOf = (text: string) => text.replace(/\D/g, "");

test("minor units follow the currency", () => {
  expect(["EUR", "JPY", "KWD"].map(minorDigits)).toEqual([2, 0, 3]);
  expect(digitsOf(formatMoney(12_900, "EUR"))).toBe("12900");
  expect(digitsOf(formatMoney(12_900, "JPY"))).toBe("12900");
  expect(formatMoney(1, "EUR")).toMatch(/0[.,]01/);
});

test.each([
  ["129", "EUR", 12_900],
  ["129.5", "EUR", 12_950],
  ["129,50", "EUR", 12_950],
  [" 7 ", "JPY", 7],
  ["1.234", "KWD", 1_234],
  ["1.234", "EUR", null],
  ["1.5", "JPY", null],
  ["-1", "EUR", null],
  ["1e3", "EUR", null],
  ["", "EUR", null],
])("%j %s is %s", (text, currency, minor) => expect(parseMoney(text, currency)).toBe(minor));

test("a saving is never rounded up", () => {
  expect(savingPercent(12_900, 7_900)).toBe(38);
  expect([savingPercent(null, 7_900), savingPercent(7_900, 7_900), savingPercent(1_000_000, 999_999)]).toEqual([null, null, null]);
});

describe("a countdown", () => {
  test.each([
    [0, "00:00"],
    [-5, "00:00"],
    [1, "00:01"],
    [60_000, "01:00"],
    [3_599_001, "01:00:00"],
    [90_061_000, "1d 01:01:01"],
  ])("%i ms is %s", (ms, text) => expect(formatCountdown(ms)).toBe(text));

  test.each([
    [0, "0 seconds"],
    [1_000, "1 second"],
    [65_000, "1 minute 5 seconds"],
    [3_600_000, "1 hour"],
    [90_061_000, "1 day 1 hour"],
  ])("%i ms is said %s", (ms, text) => expect(sayDuration(ms)).toBe(text));
});

test("latencies keep three digits", () => {
  expect([0.432, 12.34, 432.1, 2_345].map(formatMs)).toEqual(["0.43 ms", "12.3 ms", "432 ms", "2.35 s"]);
  expect(["2.50 ms", "5.00 ms", "0.25 ms", "1.5k", "120"].map(withoutZeros)).toEqual(["2.5 ms", "5 ms", "0.25 ms", "1.5k", "120"]);
});
