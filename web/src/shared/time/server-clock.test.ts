import { expect, test } from "vitest";
import { ServerClock } from "./server-clock.ts";

const TRUE = Date.parse("2026-11-27T10:00:00.000Z");

/** A visitor's machine: `wrong` is how far its clock is off. */
function machine(wrong = 0) {
  const time = { monotonic: 5_000, wall: TRUE + wrong };
  const pass = (ms: number) => {
    time.monotonic += ms;
    time.wall += ms;
  };
  const clock = new ServerClock({ monotonic: () => time.monotonic, wall: () => time.wall });
  return { time, pass, clock };
}
const exact = (at: number) => new Headers({ "X-Server-Time": new Date(at).toISOString() });
const coarse = (at: number) => new Headers({ Date: new Date(at).toUTCString() });

test("a clock that is an hour wrong does not matter", () => {
  const { clock, pass } = machine(3_600_000);
  const sentAt = clock.ticks();
  pass(80);
  clock.observe(exact(TRUE + 40), sentAt);
  expect(clock.now()).toBe(TRUE + 80);
  pass(10_000);
  expect(clock.now()).toBe(TRUE + 10_080);
});

test("a clock that is set while the page is open does not matter", () => {
  const { clock, time } = machine();
  clock.observe(exact(TRUE), clock.ticks());
  time.wall += 86_400_000;
  expect(clock.now()).toBe(TRUE);
  expect(clock.isDoubtful()).toBe(true);
});

test("until the server was heard its own clock must do", () => {
  const { clock } = machine(-7);
  expect([clock.now(), clock.isSynchronised()]).toEqual([TRUE - 7, false]);
});

test("Date alone is right to half a second", () => {
  const { clock, pass } = machine(99_999_000);
  pass(999);
  clock.observe(coarse(TRUE + 999), clock.ticks());
  expect(Math.abs(clock.now() - (TRUE + 999))).toBeLessThanOrEqual(500);
});

test("the quicker answer wins, and a worse one does not spoil it", () => {
  const { clock, pass } = machine(1_000_000);
  let sentAt = clock.ticks();
  pass(20);
  clock.observe(exact(TRUE + 10), sentAt);
  sentAt = clock.ticks();
  pass(4_000);
  clock.observe(exact(TRUE + 21), sentAt); // written at once, four seconds on its way back
  clock.observe(coarse(TRUE + 4_000), clock.ticks());
  expect(clock.now()).toBe(TRUE + 4_020);
});

test("after a sleep any answer is better than the old one", () => {
  const { clock, pass, time } = machine();
  clock.observe(exact(TRUE), clock.ticks());
  time.wall += 3_600_000; // the monotonic clock stood still meanwhile
  const sentAt = clock.ticks();
  pass(600);
  clock.observe(exact(TRUE + 3_600_300), sentAt);
  expect(clock.now()).toBe(TRUE + 3_600_600);
  expect(clock.isDoubtful()).toBe(false);
});

test("nonsense is ignored", () => {
  const { clock } = machine();
  clock.observe(new Headers({ "X-Server-Time": "noon", Date: "whenever" }), clock.ticks());
  expect(clock.isSynchronised()).toBe(false);
});
