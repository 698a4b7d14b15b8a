import { expect, test } from "vitest";
import { ApiError } from "../api/error.ts";
import { follow } from "./stream.ts";

type Turn = (write: (text: string) => void, close: () => void) => void | Response | Error;

const encoder = new TextEncoder();

/** Plays one turn for each connection, and leaves the page after the last one. */
async function play(turns: Turn[], silenceMs?: number) {
  const stop = new AbortController();
  const states: string[] = [];
  const events: [string, unknown][] = [];
  const waits: number[] = [];
  await follow({
    url: "http://shop.test/api/products/lamp/events",
    signal: stop.signal,
    random: () => 1,
    ...(silenceMs === undefined ? {} : { silenceMs }),
    onEvent: (name, data) => events.push([name, data]),
    onState: (state) => states.push(state.kind === "reconnecting" ? `reconnecting ${state.tries}` : state.kind),
    wait: async (ms) => {
      waits.push(ms);
      if (turns.length === 0) stop.abort();
    },
    send: async () => {
      const turn = turns.shift()!;
      let refusal: void | Response | Error = undefined;
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          refusal = turn(
            (text) => controller.enqueue(encoder.encode(text)),
            () => controller.close(),
          );
        },
      });
      if ((refusal as unknown) instanceof Error) throw refusal;
      return (refusal as Response | undefined) ?? new Response(body);
    },
  });
  return { states, events, waits };
}

const stock = (available: number) => `event: stock\ndata: {"available":${available}}\n\n`;
const refusing = (status: number, headers = {}) => () => Response.json({ detail: "", code: "x", request_id: "" }, { status, headers });

test("events arrive whole, however the bytes were cut", async () => {
  const { events, states } = await play([
    (write, close) => {
      const text = `: still here\n\n${stock(500)}${stock(499)}`;
      write(text.slice(0, 30));
      write(text.slice(30));
      close();
    },
  ]);
  expect(events).toEqual([
    ["stock", { available: 500 }],
    ["stock", { available: 499 }],
  ]);
  expect(states).toEqual(["connecting", "live", "reconnecting 1"]);
});

test("failures wait longer each time, and a live stream begins anew", async () => {
  const network = () => new ApiError(0, "network", "");
  const { waits, states } = await play([
    network,
    network,
    network,
    (write, close) => {
      write(stock(1));
      close();
    },
  ]);
  expect(waits).toEqual([500, 1_000, 2_000, 500]);
  expect(states).toEqual(["connecting", "reconnecting 1", "reconnecting 2", "reconnecting 3", "live", "reconnecting 1"]);
});

test("Retry-After is waited for", async () => {
  const { waits } = await play([refusing(503, { "Retry-After": "4" })]);
  expect(waits).toEqual([5_000]);
});

test("a product that is gone ends the stream", async () => {
  const { states, waits } = await play([refusing(404)]);
  expect([states, waits]).toEqual([["connecting", "ended"], []]);
});

test("a silent line is dead", async () => {
  const { states } = await play([(write) => write(stock(3))], 20);
  expect(states).toEqual(["connecting", "live", "reconnecting 1"]);
});

test("an event that is no JSON is skipped", async () => {
  const { events } = await play([
    (write, close) => {
      write("event: stock\ndata: {broken\n\n");
      write(stock(2));
      close();
    },
  ]);
  expect(events).toEqual([["stock", { available: 2 }]]);
});
