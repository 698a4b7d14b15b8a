import { beforeEach, expect, test } from "vitest";
import { ApiError } from "../shared/api/error.ts";
import { type Intent, Intents } from "../shared/intent.ts";
import { MemoryStore } from "../shared/storage.ts";
import { type BuyParts, findBuy, placeBuy } from "./buy.ts";

type Answer = string | ApiError;

let store: MemoryStore, made: number, sent: Intent[], looked: string[], waits: number[];

beforeEach(() => {
  [store, made, sent, looked, waits] = [new MemoryStore(), 0, [], [], []];
});

/** A page over the same storage, for which the server has these answers. */
function page(answered: Answer[], looksUp: (string | null | ApiError)[] = []): BuyParts {
  const [answers, found] = [[...answered], [...looksUp]];
  const give = <T>(next: T | ApiError | undefined): T => {
    if (next === undefined) throw new Error("asked once too often");
    if (next instanceof ApiError) throw next;
    return next;
  };
  return {
    intents: new Intents(store, () => 1_000, () => `key-${++made}`),
    send: async (intent) => {
      sent.push(intent);
      return give(answers.shift());
    },
    lookUp: async (key) => {
      looked.push(key);
      return give<string | null>(found.shift());
    },
    retry: { random: () => 0, wait: async (ms) => void waits.push(ms) },
  };
}
const buy = (parts: BuyParts, quantity = 1, onWait: Parameters<typeof placeBuy>[4] = () => undefined) => placeBuy(parts, "ada", "lamp", quantity, onWait);
const isOpen = () => new Intents(store, () => 1_000, () => "").find("ada", "lamp");
const keys = () => sent.map((intent) => intent.key);

const refused = (status: number, code: string, retryAfterMs: number | null = null) => new ApiError(status, code, "", { retryAfterMs });
const LOST = refused(0, "timeout");
const FOREVER = Array.from({ length: 10 }, () => LOST);

test("a click buys, and the next click is another buy", async () => {
  const parts = page(["order-1", "order-2"]);
  expect(await buy(parts)).toBe("order-1");
  expect(isOpen()).toBeNull();
  expect(await buy(parts)).toBe("order-2");
  expect(keys()).toEqual(["key-1", "key-2"]);
});

test("a lost answer is asked for again under the same key", async () => {
  expect(await buy(page([LOST, refused(502, "http_502"), "order-1"]))).toBe("order-1");
  expect(keys()).toEqual(["key-1", "key-1", "key-1"]);
});

test("each wait is told, with its reason", async () => {
  const told: [number, string][] = [];
  await buy(page([refused(429, "rate_limited", 3_000), refused(503, "overloaded", 1_000), "order-1"]), 1, (ms, error) => told.push([ms, error.code]));
  expect(told).toEqual([[3_000, "rate_limited"], [1_000, "overloaded"]]);
  expect(waits).toEqual([3_000, 1_000]);
});

test.each([
  [400, "out_of_stock"],
  [409, "purchase_limit"],
  [409, "sale_ended"],
  [422, "validation_error"],
  [401, "token_expired"],
  [429, "rate_limited"],
])("after a refusal (%s %s) the next click is a new intent", async (status, code) => {
  await expect(buy(page([refused(status, code, 60_000)]))).rejects.toMatchObject({ code });
  expect(isOpen()).toBeNull();
});

test("without any answer the intent stays, also over a reload", async () => {
  await expect(buy(page(FOREVER))).rejects.toMatchObject({ code: "timeout" });
  expect(isOpen()).toMatchObject({ key: "key-1" });
  expect(await buy(page(["order-1"]))).toBe("order-1");
  expect(new Set(keys())).toEqual(new Set(["key-1"]));
  expect(isOpen()).toBeNull();
});

test("another quantity does not make another order of a buy that may still travel", async () => {
  await expect(buy(page(FOREVER), 3)).rejects.toMatchObject({ code: "timeout" });
  sent = [];
  // Looked up it is not there, yet: that alone must not free the way for a second key.
  const parts = page(["order-1"], [null]);
  expect(await findBuy(parts, "ada", "lamp")).toEqual({ orderId: null });
  expect(await buy(parts, 1)).toBe("order-1");
  expect(sent).toMatchObject([{ key: "key-1", quantity: 3 }]);
});

test.each([
  [401, "token_expired"],
  [403, "forbidden"],
  [429, "rate_limited"],
  [503, "overloaded"],
])("a refusal at the door (%s %s) settles nothing that was sent before", async (status, code) => {
  await expect(buy(page([LOST, refused(status, code, 60_000)]))).rejects.toMatchObject({ code });
  expect(isOpen()).toMatchObject({ key: "key-1" });
});

test("the ledger's refusal settles also what was sent before", async () => {
  await expect(buy(page([LOST, refused(400, "out_of_stock")]))).rejects.toMatchObject({ code: "out_of_stock" });
  expect(isOpen()).toBeNull();
});

test("a bug settles nothing", async () => {
  await expect(buy(page([]))).rejects.toThrow("asked once too often");
  expect(isOpen()).toMatchObject({ key: "key-1" });
});

test("nothing open, nothing asked", async () => {
  expect(await findBuy(page([]), "ada", "lamp")).toBeNull();
  expect(looked).toEqual([]);
});

test("after a reload the order is found by its key", async () => {
  await expect(buy(page(FOREVER))).rejects.toThrow();
  expect(await findBuy(page([], [LOST, refused(503, "unavailable", 1_000), "order-1"]), "ada", "lamp")).toEqual({ orderId: "order-1" });
  expect(looked).toEqual(["key-1", "key-1", "key-1"]);
  expect(isOpen()).toBeNull();
});

test("a key that nobody knows stays open", async () => {
  await expect(buy(page(FOREVER))).rejects.toThrow();
  expect(await findBuy(page([], [null]), "ada", "lamp")).toEqual({ orderId: null });
  expect(isOpen()).toMatchObject({ key: "key-1" });
});
