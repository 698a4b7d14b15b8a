// One screen for the wall: the sale in numbers, and how it came to them.
import { type ReactNode, useState } from "react";
import { useSearchParams } from "wouter";
import { formatCompact, formatCount, formatCountdown, formatMoneyWhole, formatMs, formatTime } from "../../shared/format.ts";
import type { Stats } from "../../shared/api/types.ts";
import { ORDER_STATUSES, ProductBadge } from "../../ui/badge.tsx";
import { SelectField } from "../../ui/field.tsx";
import { LivePill } from "../../ui/live-pill.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Card, Empty, Table, Tile, Tiles } from "../../ui/surface.tsx";
import { Charts } from "../charts.tsx";
import css from "../console.module.css";
import { sellOutSeconds } from "../timeline.ts";
import { useSale } from "../use-sale.ts";
import { reasonColour, sayReason } from "../words.ts";

const SPANS: [seconds: number, word: string][] = [
  [60, "1 minute"],
  [300, "5 minutes"],
  [900, "15 minutes"],
  [3_600, "1 hour"],
  [21_600, "6 hours"],
  [86_400, "1 day"],
];

export function MonitorPage() {
  const [search, setSearch] = useSearchParams();
  const asked = Number(search.get("span"));
  const span = SPANS.some(([seconds]) => seconds === asked) ? asked : 300;
  const { state, stats, line } = useSale(span);
  const [watched, setWatched] = useState("");
  return (
    <div className={css["wall"]}>
      <PageHead
        title="Sale monitor"
        actions={
          <>
            <span className={css["pill"]}>
              <LivePill state={state} />
            </span>
            <SelectField label="Forecast for" bare value={watched} onChange={(event) => setWatched(event.currentTarget.value)}>
              <option value="">All live products</option>
              {stats?.products.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </SelectField>
            <SelectField label="Time shown" bare value={String(span)} onChange={(event) => setSearch({ span: event.currentTarget.value }, { replace: true })}>
              {SPANS.map(([seconds, word]) => (
                <option key={seconds} value={seconds}>
                  {word}
                </option>
              ))}
            </SelectField>
          </>
        }
      />
      <Numbers stats={stats} />
      <Charts line={line} stats={stats} span={span} watched={watched} />
      <div className={css["lower"]}>
        <States stats={stats} />
        <Refusals stats={stats} />
        <Stock stats={stats} />
      </div>
    </div>
  );
}

const rateOf = (value: number) => (value >= 100 ? formatCompact(Math.round(value)) : String(Math.round(value * 10) / 10));
const drain = (seconds: number | null) => (seconds === null ? "nothing leaves it" : seconds === 0 ? "empty" : `empty in ${formatCountdown(seconds * 1_000)}`);

function Numbers({ stats }: { stats: Stats | null }) {
  const say = (value: (stats: Stats) => string) => (stats === null ? "–" : value(stats));
  const refusedRate = (of: Stats) => Object.entries(of.per_second).reduce((sum, [outcome, rate]) => sum + (["accepted", "replayed"].includes(outcome) ? 0 : rate), 0);
  const [first, ...others] = stats?.revenue ?? [];
  return (
    <div className={css["tiles"]}>
      <Tiles>
        <Tile label="Accepted" value={say((of) => formatCount(of.accepted))} detail={say((of) => `${rateOf(of.per_second["accepted"] ?? 0)} a second`)} />
        <Tile label="Refused" value={say((of) => formatCount(of.refused_total))} detail={say((of) => `${rateOf(refusedRate(of))} a second`)} />
        <Tile label="Confirmed" value={say((of) => formatCount(of.confirmed))} detail={say((of) => (of.dead_letters === 0 ? "none parked" : `${formatCount(of.dead_letters)} parked`))} />
        <Tile
          label="Revenue"
          value={first === undefined ? "–" : formatMoneyWhole(first.confirmed_minor, first.currency)}
          detail={others.length > 0 ? others.map((one) => formatMoneyWhole(one.confirmed_minor, one.currency)).join(" · ") : first !== undefined && first.refunded_minor > 0 ? `${formatMoneyWhole(first.refunded_minor, first.currency)} refunded` : `${formatCount(first?.units ?? 0)} units`}
        />
        <Tile label="Latency p99" value={say((of) => (of.latency_ms.count === 0 ? "–" : formatMs(of.latency_ms.p99)))} detail={say((of) => (of.latency_ms.count === 0 ? "nobody buys" : `p50 ${formatMs(of.latency_ms.p50)}`))} />
        <Tile label="Queue" value={say((of) => formatCount(of.queue?.depth ?? 0))} detail={say((of) => (of.queue === null ? "worked elsewhere" : of.queue.paused ? "paused" : drain(of.queue.drain_seconds)))} {...(stats?.queue?.paused ? { tone: "coming" as const } : {})} />
        <Tile label="Connections" value={say((of) => formatCount(of.connections))} detail={say((of) => `${rateOf(of.http_per_second)} requests/s`)} />
        <Tile label="Drift" value={say((of) => formatCount(of.drift))} detail={stats === null ? "–" : stats.drift === 0 ? "orders match stock" : "oversold or lost: look now"} {...(stats === null ? {} : { tone: stats.drift === 0 ? ("live" as const) : ("refused" as const) })} />
      </Tiles>
    </div>
  );
}

interface Count {
  word: string;
  /** A token. */
  colour: string;
  count: number;
}

/** Each with its share of `all` as a bar. */
function Counts({ title, list, all, children }: { title: string; list: Count[]; all: number; children?: ReactNode }) {
  return (
    <Card className={css["counts"]!} aria-label={title}>
      <h2>{title}</h2>
      {children}
      <dl className={css["states"]}>
        {list.map(({ word, colour, count }) => (
          <div key={word}>
            <dt className="quiet">{word}</dt>
            <dd className={css["bar"]} aria-hidden="true">
              <span style={{ transform: `scaleX(${count / Math.max(all, 1)})`, background: `var(--${colour})` }} />
            </dd>
            <dd>{formatCount(count)}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function States({ stats }: { stats: Stats | null }) {
  const list = Object.entries(ORDER_STATUSES).map(([status, { word, tone }]) => ({ word, colour: tone, count: stats?.orders[status] ?? 0 }));
  return <Counts title="Orders by state" list={list} all={stats?.accepted ?? 0} />;
}

function Refusals({ stats }: { stats: Stats | null }) {
  const refused = Object.entries(stats?.refused ?? {}).sort(([, a], [, b]) => b - a);
  const list = refused.map(([reason, count]) => ({ word: sayReason(reason), colour: reasonColour(reason), count }));
  return (
    <Counts title="Refused by reason" list={list} all={stats?.refused_total ?? 0}>
      {list.length === 0 && <p className="quiet">Nobody, since the server started.</p>}
    </Counts>
  );
}

function Stock({ stats }: { stats: Stats | null }) {
  if (stats !== null && stats.products.length === 0)
    return (
      <Card>
        <Empty title="No products yet">
          <a href="/admin/products">Create the first one</a>
        </Empty>
      </Card>
    );
  return (
    <div className={css["stock"]}>
      <Table label="Products">
        <thead>
          <tr>
            <th>Product</th>
            <th>State</th>
            <th className="number">Left</th>
            <th className="number">Held</th>
            <th className="number">Sold</th>
            <th className="number">Units a second</th>
            <th className="number">Sold out in</th>
          </tr>
        </thead>
        <tbody>
          {stats?.products.map((one) => {
            const seconds = sellOutSeconds(one);
            return (
              <tr key={one.id}>
                <td>{one.name}</td>
                <td>
                  <ProductBadge state={one.state} />
                </td>
                <td className="number">
                  {formatCount(one.available)} <span className="quiet">of {formatCount(one.total)}</span>
                </td>
                <td className="number">{formatCount(one.held)}</td>
                <td className="number">{formatCount(one.sold)}</td>
                <td className="number">{rateOf(one.units_per_second)}</td>
                <td className="number">{seconds === null ? "–" : `${formatCountdown(seconds * 1_000)}, at ${formatTime(Date.parse(stats.at) + seconds * 1_000)}`}</td>
              </tr>
            );
          })}
        </tbody>
      </Table>
      {stats !== null && stats.products_total > stats.products.length && <p className="quiet small">The {stats.products.length} busiest of {formatCount(stats.products_total)} products.</p>}
    </div>
  );
}
