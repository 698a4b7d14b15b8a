// uPlot as a component: fits its box, takes the tokens' colours, follows light and dark. The axes of all charts
// with the same `sync` name share one cursor (chart-axis.ts). Pages use Plot, which has a legend too.
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatTime, withoutZeros } from "../shared/format.ts";
import { useTheme } from "../shared/theme.ts";
import { type Axis, axisOf } from "./chart-axis.ts";
import "./chart.css";

export interface Series {
  label: string;
  /** A token, such as "series-1" or "live". */
  colour: string;
  /** Filled down to the axis. `solid` hides what is behind it: for stacks, drawn from the top one down. */
  fill?: boolean | "solid";
  dash?: number[];
  width?: number;
}

interface ChartProps {
  /** What it shows, for those who cannot see it; say the last numbers in text as well. */
  label: string;
  /** Seconds since 1970, then one row for each series. */
  data: uPlot.AlignedData;
  series: Series[];
  /** In pixels; without it the chart fills its box. */
  height?: number | undefined;
  sync: string;
  format?: (value: number) => string;
  /** Fixed time axis, in seconds; otherwise the data's own. */
  range?: [from: number, to: number] | undefined;
}

export function Chart({ label, data, series, height, sync, format = String, range }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const theme = useTheme();
  const shape = JSON.stringify([series, height, sync]);
  const latest = useRef({ data, format, range });
  latest.current = { data, format, range };

  useEffect(() => {
    const element = box.current!;
    const build = () => {
      plot.current?.destroy();
      const say = (value: number) => latest.current.format(value);
      plot.current = new uPlot(options(element, { series, axis: axisOf(sync), say, range: (low, high) => latest.current.range ?? [low, high] }), latest.current.data, element);
    };
    build();
    const sizes = new ResizeObserver(() => plot.current?.setSize(sizeOf(element)));
    sizes.observe(element);
    const stop = axisOf(sync).subscribe(() => plot.current !== null && follow(plot.current, axisOf(sync)));
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", build);
    return () => {
      scheme.removeEventListener("change", build);
      stop();
      sizes.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
    // `shape` holds all that these are made of.
  }, [shape, theme]);

  useEffect(() => plot.current?.setData(data), [data]);

  return <div ref={box} className="chart" role="img" aria-label={label} style={{ height: height ?? "100%" }} />;
}

const sizeOf = (element: HTMLElement) => ({ width: element.clientWidth, height: element.clientHeight });

const isPointedAt = (plot: uPlot) => plot.over.matches(":hover");

/** The mouse is here: others follow it. */
function lead(plot: uPlot, axis: Axis): void {
  if (!isPointedAt(plot)) return;
  const { idx } = plot.cursor;
  axis.point(idx == null ? null : (plot.data[0][idx] ?? null));
}

function follow(plot: uPlot, axis: Axis): void {
  if (isPointedAt(plot)) return;
  const at = axis.at();
  plot.setCursor({ left: at === null ? -10 : plot.valToPos(at, "x"), top: 0 }, false);
}

interface Shape extends Pick<ChartProps, "series"> {
  axis: Axis;
  /** Asked anew with each set of data: an axis that moves on does not build the chart again. */
  range: (low: number, high: number) => [number, number];
  say: (value: number) => string;
}

function options(element: HTMLElement, { series, axis: shared, range, say }: Shape): uPlot.Options {
  const colour = colours(element);
  const axis = {
    stroke: colour("faint"),
    font: "12px Geist, sans-serif",
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
  };
  return {
    ...sizeOf(element),
    padding: [8, 28, 0, 0], // the last time of the axis is as wide as that
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    hooks: {
      setCursor: [(plot) => lead(plot, shared)],
      // The axis moved on below the cursor.
      draw: [(plot) => follow(plot, shared)],
      ready: [(plot) => plot.over.addEventListener("mouseleave", () => shared.point(null))],
    },
    scales: { x: { range: (_, low, high) => range(low, high) }, y: { range: (_, low, high) => [Math.min(0, low), high === 0 ? 1 : high * 1.05] } },
    axes: [
      { ...axis, space: 72, size: 28, values: (_, ticks) => ticks.map((second) => formatTime(second * 1_000)) },
      { ...axis, size: 52, space: 32, values: (_, ticks) => ticks.map((tick) => withoutZeros(say(tick))) },
    ],
    series: [
      {},
      ...series.map((one) => ({
        label: one.label,
        stroke: colour(one.colour),
        width: one.width ?? 1.5,
        points: { show: false },
        ...(one.dash === undefined ? {} : { dash: one.dash }),
        ...(one.fill === undefined || one.fill === false ? {} : { fill: filling(colour(one.colour), one.fill === "solid" ? `55%, ${colour("card")}` : "18%, transparent") }),
      })),
    ],
  };
}

const filling = (colour: string, rest: string) => `color-mix(in srgb, ${colour} ${rest})`;

/** A token's colour as the canvas wants it: computed, because light-dark() is not. */
function colours(inside: HTMLElement): (token: string) => string {
  const probe = document.createElement("span");
  probe.hidden = true;
  inside.append(probe);
  const found = new Map<string, string>();
  return (token) => {
    let colour = found.get(token);
    if (colour === undefined) {
      probe.style.color = `var(--${token})`;
      colour = getComputedStyle(probe).color;
      found.set(token, colour);
    }
    return colour;
  };
}
