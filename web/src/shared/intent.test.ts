import { webcrypto } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { INTENT_AGE_MAX_MS, Intents, newKey } from "./intent.ts";
import { BrowserStore, MemoryStore } from "./storage.ts";

let store: MemoryStore, now: number, made: number;
const page = () =>
  new Intents(
    store,
    () => now,
    () => `key-${++made}`,
  );

beforeEach(() => {
  [store, now, made] = [new MemoryStore(), 1_000_000_000, 0];
});

test("two clicks are one intent", () => {
  const intents = page();
  expect(intents.begin("ada", "lamp", 1)).toMatchObject({ kind: "fresh", intent: { key: "key-1" } });
  expect(intents.begin("ada", "lamp", 1)).toMatchObject({ kind: "resumed", intent: { key: "key-1" } });
});

test("a reload finds the same key", () => {
  page().begin("ada", "lamp", 2);
  expect(page().find("ada", "lamp")).toMatchObject({ key: "key-1", quantity: 2 });
});

test("another quantity waits for the first outcome", () => {
  const intents = page();
  intents.begin("ada", "lamp", 1);
  expect(intents.begin("ada", "lamp", 2)).toMatchObject({ kind: "busy", intent: { quantity: 1 } });
});

test("after its outcome the next click is a new intent", () => {
  const intents = page();
  intents.settle(intents.begin("ada", "lamp", 1).intent.key);
  expect(intents.begin("ada", "lamp", 1)).toMatchObject({ kind: "fresh", intent: { key: "key-2" } });
});

test("buyers and products do not share", () => {
  const intents = page();
  intents.begin("ada", "lamp", 1);
  expect(intents.begin("bob", "lamp", 1).intent.key).toBe("key-2");
  expect(intents.begin("ada", "poster", 1).intent.key).toBe("key-3");
  expect(intents.open("ada").map((intent) => intent.productId)).toEqual(["lamp", "poster"]);
});

test("an intent of yesterday is dropped", () => {
  const intents = page();
  intents.begin("ada", "lamp", 1);
  now += INTENT_AGE_MAX_MS;
  expect(intents.find("ada", "lamp")).toBeNull();
});

test("what others wrote into the storage is ignored", () => {
  for (const nonsense of ["{", "7", '[{"key":1}]', "[null]"]) {
    store.set("scalemart.intents", nonsense);
    expect(page().open("ada")).toEqual([]);
  }
});

test("a browser that refuses storage keeps the key until the page goes", () => {
  const refusing = new BrowserStore(() => {
    throw new DOMException("no", "SecurityError");
  });
  const intents = new Intents(
    refusing,
    () => now,
    () => "key",
  );
  intents.begin("ada", "lamp", 1);
  expect(intents.begin("ada", "lamp", 1).kind).toBe("resumed");
});

test("keys are what the API takes, and differ", () => {
  const key = () => newKey((bytes) => webcrypto.getRandomValues(bytes));
  expect(key()).toMatch(/^[0-9a-f]{32}$/);
  expect(key()).not.toBe(key());
});
