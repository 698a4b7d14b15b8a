import { expect, test } from "vitest";
import { ApiError } from "./error.ts";
import { BUY_POLICY, backoffMs, nextTryMs, READ_POLICY, retrying, wait } from "./retry.ts";

const refused = (status: number, retryAfterMs: number | null = null) => new ApiError(status, "x", "", { retryAfterMs });

test("the wait doubles up to its cap, between half and whole", () => {
  const at = (failures: number, chance: number) => backoffMs({ baseMs: 500, capMs: 8_000 }, failures, () => chance);
  expect([1, 2, 3, 4, 5, 6, 60].map((failures) => at(failures, 1))).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  expect(at(3, 0)).toBe(1_000);
});

test("Retry-After is never undercut", () => {
  expect(nextTryMs(BUY_POLICY, 1, refused(503, 2_000), () => 0)).toBe(2_000);
  expect(nextTryMs(BUY_POLICY, 1, refused(503, 2_000), () => 1)).toBe(2_500);
});

test("a wait beyond patience is told and not waited for", () => {
  expect(nextTryMs(BUY_POLICY, 1, refused(429, 9_000), () => 0)).toBeNull();
});

test("a refusal that will not change is not asked about again", () => {
  for (const status of [400, 401, 403, 404, 409, 422]) expect(nextTryMs(READ_POLICY, 1, refused(status), () => 0)).toBeNull();
});

test("tries are counted, the first included", async () => {
  const waits: number[] = [];
  let calls = 0;
  const attempt = () => {
    calls += 1;
    return Promise.reject(refused(503, 1_000));
  };
  const run = retrying(attempt, { policy: READ_POLICY, random: () => 0, wait: async (ms) => void waits.push(ms) });
  await expect(run).rejects.toMatchObject({ status: 503 });
  expect([calls, waits]).toEqual([4, [1_000, 1_000, 1_000]]);
});

test("success after failures is success, and each wait was announced", async () => {
  const told: number[] = [];
  let calls = 0;
  const attempt = () => (++calls < 3 ? Promise.reject(refused(0)) : Promise.resolve("sold"));
  expect(await retrying(attempt, { policy: BUY_POLICY, random: () => 1, wait: async () => undefined, onWait: (ms) => told.push(ms) })).toBe("sold");
  expect(told).toEqual([500, 1_000]);
});

test("a bug is not retried", async () => {
  let calls = 0;
  const attempt = () => {
    calls += 1;
    return Promise.reject(new TypeError("bug"));
  };
  await expect(retrying(attempt, { policy: BUY_POLICY })).rejects.toThrow("bug");
  expect(calls).toBe(1);
});

test("a wait can be given up", async () => {
  const stop = new AbortController();
  const waiting = wait(60_000, stop.signal);
  stop.abort(new Error("left the page"));
  await expect(waiting).rejects.toThrow("left the page");
});
