// Four charts on one axis and one cursor. A sixth of the axis is still to come: room for the forecast.
import { useMemo } from "react";
import type uPlot from "uplot";
import { formatCompact, formatCount, formatMs, formatTime } from "../shared/format.ts";
import type { Stats } from "../shared/api/types.ts";
import { serverClock } from "../shared/time/server-clock.ts";
import { Chart, Legend, type Series } from "../ui/chart.tsx";
import { stacked } from "../ui/stack.ts";
import { Card } from "../ui/surface.tsx";
import css from "./console.module.css";
import { sellOutSeconds, type Timeline } from "./timeline.ts";
import { sayReason } from "./words.ts";

const HEIGHT = 190;
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
  const shared = { sync: "sale", range, height: HEIGHT };
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
  height: number;
}

function Framed({ title, note, list, children }: { title: string; note?: string; list: Series[]; children: React.ReactNode }) {
  return (
    <Card className={css["chart"]!} aria-label={title}>
      <div className={css["chartHead"]}>
        <h2>{title}</h2>
        <span className="quiet small">{note}</span>
      </div>
      {children}
      <div className={css["legend"]}>
        <Legend series={list} />
      </div>
    </Card>
  );
}

function BurnDown({ line, stats, watched, now, shared }: { line: Timeline; stats: Stats | null; watched: string; now: number; shared: Shared }) {
  const products = (stats?.products ?? []).filter((one) => (watched === "" ? true : one.id === watched)).slice(0, LINES);
  const list: Series[] = products.map((one, i) => ({ label: one.name, colour: series(i), width: 2, ...(products.length === 1 ? { fill: true } : {}) }));
  const forecasts = products.flatMap((one, i) => {
    const seconds = sellOutSeconds(one);
    return seconds === null ? [] : [{ product: one, seconds, colour: series(i) }];
  });
  // The forecasts' ends are points of time of their own; there the lines know nothing.
  const ends = [now, ...forecasts.map((one) => now + one.seconds)].filter((at) => at > (line.at.at(-1) ?? 0)).sort((a, b) => a - b);
  const times = [...line.at, ...ends];
  const rows = products.map((one) => times.map((_, i) => line.stock[one.id]?.[i] ?? null));
  const dashed = forecasts.map(({ product, seconds }) =>
    times.map((at, i) => (i < line.at.length - 1 ? null : at <= now ? product.available : Math.abs(at - now - seconds) < 1e-6 ? 0 : at < now + seconds ? product.available * (1 - (at - now) / seconds) : null)),
  );
  const first = forecasts.toSorted((a, b) => a.seconds - b.seconds)[0];
  const note = first === undefined ? "nothing sells now" : `${first.product.name} sold out at ${formatTime((now + first.seconds) * 1_000)}`;
  return (
    <Framed title="Stock" note={note} list={[...list, ...(forecasts.length > 0 ? [{ label: "Dashed: forecast", colour: "faint" }] : [])]}>
      <Chart
        label={`Units left over time. ${products.map((one) => `${one.name}: ${formatCount(one.available)}`).join(", ")}`}
        data={[times, ...rows, ...dashed] as uPlot.AlignedData}
        series={[...list, ...forecasts.map((one) => ({ label: "Forecast", colour: one.colour, dash: [4, 4], width: 1.5 }))]}
        format={formatCompact}
        {...shared}
      />
    </Framed>
  );
}

function Buys({ line, shared }: { line: Timeline; shared: Shared }) {
  const { data, list, drawn } = useMemo(() => {
    // The order of the colours does not depend on who is ahead, so that a colour stays with its reason.
    const reasons = Object.keys(line.refused).sort();
    const list: Series[] = [{ label: "Accepted", colour: "live", fill: "solid" }, ...reasons.map((reason, i) => ({ label: sayReason(reason), colour: series(i + 2), fill: "solid" as const }))];
    const rows = stacked([line.accepted, ...reasons.map((reason) => line.refused[reason]!)], line.at.length);
    return { list, drawn: list.toReversed(), data: [line.at, ...rows.toReversed()] as uPlot.AlignedData };
  }, [line]);
  return (
    <Framed title="Buys a second" note="stacked, by answer" list={list}>
      <Chart label="Accepted and refused buys a second, stacked by reason" data={data} series={drawn} format={formatCompact} {...shared} />
    </Framed>
  );
}

const LATENCY: Series[] = [
  { label: "p99", colour: "series-3" },
  { label: "p50", colour: "series-2" },
];

function Latency({ line, shared }: { line: Timeline; shared: Shared }) {
  const data = useMemo(() => [line.at, line.p99, line.p50] as uPlot.AlignedData, [line]);
  return (
    <Framed title="Latency of buys" note="until the order is on disk" list={LATENCY}>
      <Chart label="Latency of buys, p50 and p99" data={data} series={LATENCY} format={(ms) => formatMs(ms).replace(/\.0+ /, " ")} {...shared} />
    </Framed>
  );
}

const DEPTH: Series[] = [
  { label: "To be paid and confirmed", colour: "series-1", fill: true },
  { label: "Invoices and mails", colour: "series-7" },
];

function Depth({ line, stats, shared }: { line: Timeline; stats: Stats | null; shared: Shared }) {
  const data = useMemo(() => [line.at, line.depth, line.papers] as uPlot.AlignedData, [line]);
  const queue = stats?.queue;
  const note = queue == null ? "" : queue.paused ? "paused" : queue.depth === 0 ? "empty" : `oldest waits ${Math.round(queue.oldest_age_seconds)} s`;
  return (
    <Framed title="Queue" note={note} list={DEPTH}>
      <Chart label="Orders waiting" data={data} series={DEPTH} format={formatCompact} {...shared} />
    </Framed>
  );
}
