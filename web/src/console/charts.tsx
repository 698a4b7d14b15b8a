// Four charts on one axis and one cursor. A sixth of the axis is still to come: room for the forecast.
import { useMemo } from "react";
import { formatCompact, formatCount, formatMs, formatTime } from "../shared/format.ts";
import type { Stats } from "../shared/api/types.ts";
import { serverClock } from "../shared/time/server-clock.ts";
import { type Line, Plot } from "../ui/plot.tsx";
import { Card } from "../ui/surface.tsx";
import css from "./console.module.css";
import { sellOutSeconds, type Timeline } from "./timeline.ts";
import { reasonColour, sayReason } from "./words.ts";

/** So many products have a line of their own. */
const LINES = 5;
const series = (i: number) => `series-${(i % 7) + 1}`;

interface ChartsProps {
  line: Timeline;
  stats: Stats | null;
  span: number;
  /** A product's id, or all. */
  watched: string;
}

export function Charts({ line, stats, span, watched }: ChartsProps) {
  const now = stats === null ? serverClock.now() / 1_000 : Date.parse(stats.at) / 1_000;
  const range: [number, number] = [now - span, now + span / 6];
  const shared: Shared = { sync: "sale", range };
  return (
    <div className={css["charts"]}>
      <BurnDown {...{ line, stats, watched, now }} shared={shared} />
      <Buys line={line} shared={shared} />
      <Latency line={line} shared={shared} />
      <Depth line={line} stats={stats} shared={shared} />
    </div>
  );
}

interface Shared {
  sync: string;
  range: [number, number];
}

function Framed({ title, note, children }: { title: string; note?: string; children: React.ReactNode }) {
  return (
    <Card className={css["chart"]!} aria-label={title}>
      <div className={css["chartHead"]}>
        <h2>{title}</h2>
        <span className="quiet small">{note}</span>
      </div>
      {children}
    </Card>
  );
}

function BurnDown({ line, stats, watched, now, shared }: { line: Timeline; stats: Stats | null; watched: string; now: number; shared: Shared }) {
  const products = (stats?.products ?? []).filter((one) => (watched === "" ? true : one.id === watched)).slice(0, LINES);
  const { times, lines, first } = useMemo(() => {
    const forecasts = products.flatMap((one, i) => {
      const seconds = sellOutSeconds(one);
      return seconds === null ? [] : [{ product: one, seconds, colour: series(i) }];
    });
    // The forecasts' ends are points of time of their own; there the lines know nothing.
    const ends = [now, ...forecasts.map((one) => now + one.seconds)].filter((at) => at > (line.at.at(-1) ?? 0)).sort((a, b) => a - b);
    const times = [...line.at, ...ends];
    const left = products.map((one, i): Line => ({ label: one.name, colour: series(i), width: 2, fill: products.length === 1, row: times.map((_, k) => line.stock[one.id]?.[k] ?? null) }));
    const dashed = forecasts.map(({ product, seconds, colour }): Line => {
      const row = times.map((at, k) => (k < line.at.length - 1 ? null : at <= now ? product.available : Math.abs(at - now - seconds) < 1e-6 ? 0 : at < now + seconds ? product.available * (1 - (at - now) / seconds) : null));
      return { label: "Forecast", colour, dash: [4, 4], width: 1.5, untold: true, row };
    });
    return { times, lines: [...left, ...dashed], first: forecasts.toSorted((a, b) => a.seconds - b.seconds)[0] };
    // `stats` is what `products` were taken from.
  }, [line, stats, watched, now]);
  const note = first === undefined ? "nothing sells now" : `dashed: ${first.product.name} sold out at ${formatTime((now + first.seconds) * 1_000)}`;
  return (
    <Framed title="Stock" note={note}>
      <Plot label={`Units left over time. ${products.map((one) => `${one.name}: ${formatCount(one.available)}`).join(", ")}`} times={times} lines={lines} format={formatCompact} {...shared} />
    </Framed>
  );
}

function Buys({ line, shared }: { line: Timeline; shared: Shared }) {
  const lines = useMemo((): Line[] => {
    // Their order does not depend on who is ahead.
    const reasons = Object.keys(line.refused).sort();
    return [{ label: "Accepted", colour: "live", fill: "solid", row: line.accepted }, ...reasons.map((reason) => ({ label: sayReason(reason), colour: reasonColour(reason), fill: "solid" as const, row: line.refused[reason]! }))];
  }, [line]);
  return (
    <Framed title="Buys a second" note="stacked, by answer">
      <Plot label="Accepted and refused buys a second, stacked by reason" times={line.at} lines={lines} stack format={formatCompact} {...shared} />
    </Framed>
  );
}

function Latency({ line, shared }: { line: Timeline; shared: Shared }) {
  const lines = useMemo(
    (): Line[] => [
      { label: "p99", colour: "series-3", row: line.p99 },
      { label: "p50", colour: "series-2", row: line.p50 },
    ],
    [line],
  );
  return (
    <Framed title="Latency of buys" note="until the order is on disk">
      <Plot label="Latency of buys, p50 and p99" times={line.at} lines={lines} format={formatMs} {...shared} />
    </Framed>
  );
}

function Depth({ line, stats, shared }: { line: Timeline; stats: Stats | null; shared: Shared }) {
  const lines = useMemo(
    (): Line[] => [
      { label: "To be paid and confirmed", colour: "series-1", fill: true, row: line.depth },
      { label: "Invoices and mails", colour: "series-7", row: line.papers },
    ],
    [line],
  );
  const queue = stats?.queue;
  const note = queue == null ? "" : queue.paused ? "paused" : queue.depth === 0 ? "empty" : queue.oldest_age_seconds === 0 ? "all are in hand" : `the oldest waits ${Math.round(queue.oldest_age_seconds)} s`;
  return (
    <Framed title="Queue" note={note}>
      <Plot label="Orders waiting" times={line.at} lines={lines} format={formatCompact} {...shared} />
    </Framed>
  );
}
