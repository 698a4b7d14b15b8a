// The sale over time: what the server remembers, carried on by what it says each second. One axis for all charts.
import type { SaleHistory, Stats } from "../shared/api/types.ts";

type Row = (number | null)[];

export interface Timeline {
  stepSeconds: number;
  /** Begin of each step, in seconds since 1970. All rows are as long as this one. */
  at: number[];
  /** Orders a second. */
  accepted: Row;
  /** Buys a second, by reason. */
  refused: Record<string, Row>;
  p50: Row;
  p99: Row;
  /** Orders that wait for payment and confirmation; for their papers. */
  depth: Row;
  papers: Row;
  /** Units left, by product. */
  stock: Record<string, Row>;
}

export const EMPTY: Timeline = { stepSeconds: 1, at: [], accepted: [], refused: {}, p50: [], p99: [], depth: [], papers: [], stock: {} };

export function fromHistory(history: SaleHistory): Timeline {
  const begin = Date.parse(history.from) / 1_000;
  const rate = (counts: Row): Row => counts.map((count, i) => (count === null ? null : count / Math.max(history.covered_seconds[i] ?? 1, 1)));
  const stages = (names: string[]): Row => sum(names.map((name) => history.queue[name]?.depth ?? []), history.points);
  return {
    stepSeconds: history.step_seconds,
    at: Array.from({ length: history.points }, (_, i) => begin + i * history.step_seconds),
    accepted: rate(history.accepted),
    refused: mapValues(history.refused, rate),
    p50: history.latency_ms.p50,
    p99: history.latency_ms.p99,
    depth: stages(["payment", "confirm"]),
    papers: stages(["invoice", "mail"]),
    stock: Object.fromEntries(history.stock.map((one) => [one.product_id, one.available])),
  };
}

/**
 * One more second. Rates are what changed since `before`; after a restart of the server, when the counts begin
 * again, nobody knows.
 */
export function append(line: Timeline, now: Stats, before: Stats | null, keep: number): Timeline {
  const at = Math.floor(Date.parse(now.at) / 1_000);
  const last = line.at.at(-1);
  if (last !== undefined && at <= last) return line;
  // A gap in time is a gap in the picture.
  const gap = last !== undefined && at - last > 3 ? 1 : 0;
  const from = Math.max(0, line.at.length + gap + 1 - keep);
  const put = (row: Row, value: number | null): Row => [...pad(row, line.at.length), ...(gap ? [null] : []), value].slice(from);
  const seconds = before === null ? 0 : (Date.parse(now.at) - Date.parse(before.at)) / 1_000;
  const rate = (was: number | undefined, is: number): number | null => (before === null || seconds <= 0 || is < (was ?? 0) ? null : (is - (was ?? 0)) / seconds);
  const depth = (names: string[]) => now.queue?.stages.reduce((sum, stage) => sum + (names.includes(stage.stage) ? stage.depth : 0), 0) ?? null;
  const reasons = new Set([...Object.keys(line.refused), ...Object.keys(now.refused)]);
  const stock = new Map(now.products.map((one) => [one.id, one.available]));
  return {
    stepSeconds: line.stepSeconds,
    at: [...line.at, ...(gap ? [last! + 1] : []), at].slice(from),
    accepted: put(line.accepted, rate(before?.accepted, now.accepted)),
    refused: Object.fromEntries([...reasons].map((reason) => [reason, put(line.refused[reason] ?? [], rate(before?.refused[reason], now.refused[reason] ?? 0))])),
    p50: put(line.p50, now.latency_ms.count === 0 ? null : now.latency_ms.p50),
    p99: put(line.p99, now.latency_ms.count === 0 ? null : now.latency_ms.p99),
    depth: put(line.depth, depth(["payment", "confirm"])),
    papers: put(line.papers, depth(["invoice", "mail"])),
    stock: Object.fromEntries([...new Set([...Object.keys(line.stock), ...stock.keys()])].map((id) => [id, put(line.stock[id] ?? [], stock.get(id) ?? null)])),
  };
}

/** With all the seconds that are newer than the line. The first one only says where the counts stood. */
export const carryOn = (line: Timeline, seconds: Stats[], keep: number): Timeline => seconds.reduce((line, now, i) => (i === 0 ? line : append(line, now, seconds[i - 1]!, keep)), line);

/** Seconds until nothing is left, if it goes on like this; null: it does not sell. */
export const sellOutSeconds = (product: Stats["products"][number]): number | null =>
  product.available > 0 && product.units_per_second > 0 ? product.available / product.units_per_second : null;

const pad = (row: Row, length: number): Row => (row.length >= length ? row : [...Array<null>(length - row.length).fill(null), ...row]);

function sum(rows: Row[], length: number): Row {
  return Array.from({ length }, (_, i) => rows.reduce<number | null>((all, row) => (row[i] == null ? all : (all ?? 0) + row[i]), null));
}

const mapValues = <From, To>(of: Record<string, From>, change: (value: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [name, change(value)]));
