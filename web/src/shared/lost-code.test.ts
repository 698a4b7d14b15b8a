import { expect, test } from "vitest";
import { mayReload, recover, RELOAD_PAUSE_MS } from "./lost-code.ts";

const memory = () => {
  const values = new Map<string, string>();
  return { getItem: (name: string) => values.get(name) ?? null, setItem: (name: string, value: string) => void values.set(name, value) };
};

test("a page is loaded anew once, not in a loop", () => {
  const storage = memory();
  expect(mayReload(() => storage, 1_000)).toBe(true);
  expect(mayReload(() => storage, 2_000)).toBe(false);
  expect(mayReload(() => storage, 1_000 + RELOAD_PAUSE_MS - 1)).toBe(false);
  expect(mayReload(() => storage, 1_000 + RELOAD_PAUSE_MS)).toBe(true);
});

test("without a memory there is no second time to know of, so there is no first", () => {
  const refusing = () => {
    throw new DOMException("no", "SecurityError");
  };
  expect(mayReload(refusing, 1_000)).toBe(false);
  expect(mayReload(() => ({ getItem: () => null, setItem: () => undefined }), 1_000)).toBe(false);
});

function shop(answers: boolean[], isAllowed = true) {
  const waits: number[] = [];
  let reloads = 0;
  const stop = new AbortController();
  const run = () =>
    recover({
      isReachable: async () => answers.shift() ?? true,
      mayReload: () => isAllowed,
      reload: () => (reloads += 1),
      signal: stop.signal,
      random: () => 1,
      wait: async (ms) => void waits.push(ms),
    });
  return { run, waits, stop, reloads: () => reloads };
}

test("a shop that is away is waited for, longer each time", async () => {
  const { run, waits, reloads } = shop([false, false, false, true]);
  expect(await run()).toBe(true);
  expect(waits).toEqual([500, 1_000, 2_000]);
  expect(reloads()).toBe(1);
});

test("a new version is loaded at once", async () => {
  const { run, waits, reloads } = shop([true]);
  expect(await run()).toBe(true);
  expect([waits, reloads()]).toEqual([[], 1]);
});

test("what did not help is not done again", async () => {
  const { run, reloads } = shop([true], false);
  expect(await run()).toBe(false);
  expect(reloads()).toBe(0);
});

test("who has gone to another page stays there", async () => {
  const { run, stop, reloads } = shop([true]);
  stop.abort();
  expect(await run()).toBe(false);
  expect(reloads()).toBe(0);
});
