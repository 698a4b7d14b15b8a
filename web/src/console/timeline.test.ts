import { expect, test } from "vitest";
import type { SaleHistory, Stats } from "../shared/api/types.ts";
import { stacked } from "../ui/stack.ts";
import { append, carryOn, EMPTY, fromHistory, sellOutSeconds } from "./timeline.ts";

const second = (at: string, more: Partial<Stats> = {}): Stats =>
  ({ at, accepted: 0, refused: {}, latency_ms: { p50: 1, p99: 2, count: 1 }, queue: null, products: [], ...more }) as unknown as Stats;

test("counts of a step become rates of the seconds that were watched", () => {
  const line = fromHistory({
    from: "2026-11-27T10:00:00Z",
    step_seconds: 10,
    points: 3,
    covered_seconds: [10, 0, 5],
    accepted: [100, null, 50],
    refused: { out_of_stock: [20, null, 0] },
    latency_ms: { p50: [1, null, 1], p99: [2, null, 2] },
    queue: { payment: { depth: [3, null, 1] }, confirm: { depth: [1, null, 0] } },
    stock: [{ product_id: "lamp", available: [5, null, 0] }],
  } as unknown as SaleHistory);
  expect(line.at.map((at) => at - line.at[0]!)).toEqual([0, 10, 20]);
  expect(line.accepted).toEqual([10, null, 10]);
  expect(line.refused).toEqual({ out_of_stock: [2, null, 0] });
  expect(line.depth).toEqual([4, null, 1]);
  expect(line.stock).toEqual({ lamp: [5, null, 0] });
});

test("what the server remembers is carried on by what was told meanwhile", () => {
  const told = [8, 9, 10, 11].map((second_, i) => second(`2026-11-27T10:00:${String(second_).padStart(2, "0")}Z`, { accepted: 100 + 5 * i }));
  const remembered = { ...EMPTY, at: [Date.parse("2026-11-27T10:00:09Z") / 1_000], accepted: [7], p50: [1], p99: [2], depth: [null], papers: [null] };
  const line = carryOn(remembered, told, 100);
  expect(line.at.map((at) => at - line.at[0]!)).toEqual([0, 1, 2]);
  expect(line.accepted).toEqual([7, 5, 5]);
});

test("a second is what changed since the one before", () => {
  const first = second("2026-11-27T10:00:00Z", { accepted: 10 });
  const next = second("2026-11-27T10:00:01Z", { accepted: 15, refused: { out_of_stock: 7 } });
  const line = append(append(EMPTY, first, null, 100), next, first, 100);
  expect(line.accepted).toEqual([null, 5]);
  expect(line.refused["out_of_stock"]).toEqual([null, 7]);
});

test("counts that begin again are not known, and a gap in time stays a gap", () => {
  const first = second("2026-11-27T10:00:00Z", { refused: { out_of_stock: 7 } });
  const later = second("2026-11-27T10:00:30Z", { refused: { out_of_stock: 1 } });
  const line = append(append(EMPTY, first, null, 100), later, first, 100);
  expect(line.at).toHaveLength(3);
  expect(line.refused["out_of_stock"]).toEqual([null, null, null]);
  expect(line.p50).toEqual([1, null, 1]);
});

test("a second that is told twice counts once, and the oldest go", () => {
  const times = ["00", "01", "01", "02"].map((s) => second(`2026-11-27T10:00:${s}Z`));
  expect(times.reduce((line, now) => append(line, now, null, 2), EMPTY).at).toHaveLength(2);
});

test("a stack adds up, and does not know what none of it knows", () => {
  expect(stacked([[1, null, 2], [3, null, null]], 3)).toEqual([[1, null, 2], [4, null, 2]]);
});

test("what does not sell does not sell out", () => {
  const product = { available: 10, units_per_second: 2 } as Stats["products"][number];
  expect(sellOutSeconds(product)).toBe(5);
  expect(sellOutSeconds({ ...product, units_per_second: -1 })).toBeNull();
});
