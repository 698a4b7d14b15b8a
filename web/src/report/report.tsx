// Used by report.html and by the console's page of rehearsals.
import { useMemo } from "react";
import { formatCompact, formatCount, formatDateTime, formatMs } from "../shared/format.ts";
import { Badge } from "../ui/badge.tsx";
import { type Line, Plot } from "../ui/plot.tsx";
import { Card, Empty, Table, Tile, Tiles } from "../ui/surface.tsx";
import { readReport, type Report } from "./format.ts";
import "./report.css";

export function RehearsalReport({ report }: { report: unknown }) {
  const read = readReport(report);
  if (typeof read === "string") return <Empty title={read} />;
  return <Drawn of={read} />;
}

function Drawn({ of }: { of: Report }) {
  const refused = Object.values(of.refused).reduce((sum, count) => sum + count, 0);
  const begin = Math.floor(Date.parse(of.begun_at) / 1_000);
  const times = useMemo(() => of.per_second.map((_, i) => begin + i), [of, begin]);
  const range: [number, number] = [begin, begin + Math.max(of.per_second.length - 1, 1)];
  return (
    <article className="stack report">
      <header>
        <h2>
          {of.options.product} <Badge tone={of.ok ? "live" : "refused"}>{of.ok ? "Every check holds" : "A check does not hold"}</Badge>
        </h2>
        <p className="quiet">
          {formatDateTime(of.begun_at)} · {formatCount(of.options.rate)} visits a second for {of.options.duration_s} s over {formatCount(of.options.connections)} connections · {of.machine?.cpu ?? "unknown machine"} · ScaleMart {of.program}
        </p>
      </header>
      <Tiles>
        <Tile label="Accepted" value={formatCount(of.accepted)} detail={`${formatCompact(of.accepted_per_second)} a second`} />
        <Tile label="Confirmed" value={formatCount(of.confirmed)} detail="of those followed" />
        <Tile label="Refused" value={formatCount(refused)} detail={`of ${formatCount(of.visits)} visits`} />
        <Tile label="Errors" value={formatCount(of.errors)} {...(of.errors > 0 ? { tone: "refused" as const } : {})} detail="no answer, or 5xx" />
        <Tile label="Drift" value={of.drift === null ? "–" : formatCount(of.drift)} detail={of.drift === null ? "not asked" : "orders against stock"} {...(of.drift === null ? {} : { tone: of.drift === 0 ? ("live" as const) : ("refused" as const) })} />
      </Tiles>
      <Course of={of} begin={begin} times={times} range={range} />
      <Measures of={of} />
      <Checks of={of} />
    </article>
  );
}

function Course({ of, begin, times, range }: { of: Report; begin: number; times: number[]; range: [number, number] }) {
  const { buys, latency, stock, stockTimes } = useMemo(() => {
    const seconds = of.per_second;
    const reasons = Object.keys(of.refused).sort();
    const buys: Line[] = [
      { label: "accepted", colour: "live", fill: "solid", row: seconds.map((one) => one.accepted) },
      ...reasons.map((reason, i) => ({ label: reason.replaceAll("_", " "), colour: `series-${((i + 2) % 7) + 1}`, fill: "solid" as const, row: seconds.map((one) => one.refused_by[reason] ?? 0) })),
      { label: "errors", colour: "refused", fill: "solid", row: seconds.map((one) => one.errors) },
    ];
    const latency: Line[] = [
      { label: "p99", colour: "series-3", row: seconds.map((one) => one.latency_ms?.p99 ?? null) },
      { label: "p50", colour: "series-2", row: seconds.map((one) => one.latency_ms?.p50 ?? null) },
    ];
    const stock: Line[] = [
      { label: "Left", colour: "series-1", fill: true, row: of.stock.map((one) => one.available) },
      { label: "Held", colour: "series-3", row: of.stock.map((one) => one.held) },
      { label: "Sold", colour: "live", row: of.stock.map((one) => one.sold) },
    ];
    return { buys, latency, stock, stockTimes: of.stock.map((one) => begin + one.at) };
  }, [of, begin]);
  const shared = { sync: "rehearsal", range, height: 200 };
  return (
    <div className="report-charts">
      <Card className="stack" aria-label="Buys a second">
        <h3>Buys a second</h3>
        <Plot label="Answers to buys a second, stacked" times={times} lines={buys} stack format={formatCompact} {...shared} />
      </Card>
      <Card className="stack" aria-label="Latency">
        <h3>Latency of buys, from when each was due</h3>
        <Plot label="Latency of buys, p50 and p99" times={times} lines={latency} format={formatMs} {...shared} />
      </Card>
      <Card className="stack" aria-label="Stock">
        <h3>Stock</h3>
        <Plot label="Units left, held and sold" times={stockTimes} lines={stock} format={formatCompact} {...shared} />
      </Card>
    </div>
  );
}

const MEASURES: Record<string, string> = { shopper_buy: "Buy of a shopper", bot_buy: "Buy of a bot", refresh: "Look at the product", order_status: "Look at an order", confirmation: "From yes to confirmed", lateness: "The generator's own lateness" };

function Measures({ of }: { of: Report }) {
  return (
    <Table label="Latency by kind of visit">
      <thead>
        <tr>
          <th>Latency</th>
          <th className="number">Count</th>
          {["p50", "p90", "p99", "p99.9", "Longest"].map((name) => (
            <th key={name} className="number">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {Object.entries(of.latency_ms)
          .filter(([, one]) => one.count > 0)
          .map(([name, one]) => (
            <tr key={name}>
              <td>{MEASURES[name] ?? name}</td>
              <td className="number">{formatCount(one.count)}</td>
              {[one.p50, one.p90, one.p99, one.p999, one.max].map((ms, i) => (
                <td key={i} className="number">
                  {formatMs(ms)}
                </td>
              ))}
            </tr>
          ))}
      </tbody>
    </Table>
  );
}

function Checks({ of }: { of: Report }) {
  return (
    <Table label="Checks">
      <thead>
        <tr>
          <th>Check</th>
          <th>Holds</th>
          <th>Detail</th>
        </tr>
      </thead>
      <tbody>
        {of.checks.map((check) => (
          <tr key={check.name}>
            <td>{check.name.replaceAll("_", " ")}</td>
            <td>
              <Badge tone={check.ok ? "live" : "refused"}>{check.ok ? "Yes" : "No"}</Badge>
            </td>
            <td className="report-detail">{check.detail}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
