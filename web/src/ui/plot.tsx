// A chart with its legend, which tells the values at the cursor, else the newest. Where the cursor stands is the
// mouse's affair, or that of a slider over the chart: for the keyboard, for a finger, and for a screen reader.
import { useMemo } from "react";
import type uPlot from "uplot";
import { formatTime } from "../shared/format.ts";
import { axisOf, nearest, useCursor } from "./chart-axis.ts";
import { Chart, type Series } from "./chart.tsx";
import { stacked } from "./stack.ts";

export interface Line extends Series {
  row: (number | null)[];
  /** Drawn, but no value of a moment: a forecast. */
  untold?: boolean;
}

interface PlotProps {
  label: string;
  /** Seconds since 1970; all rows are as long. */
  times: number[];
  lines: Line[];
  /** Each line stands on the one before. */
  stack?: boolean;
  format: (value: number) => string;
  sync: string;
  range?: [from: number, to: number];
  height?: number;
}

export function Plot({ label, times, lines, stack = false, format, sync, range, height }: PlotProps) {
  const cursor = useCursor(axisOf(sync));
  const told = lines.filter((line) => line.untold !== true);
  const newest = times.findLastIndex((_, i) => told.some((line) => line.row[i] != null));
  const i = cursor === null ? newest : Math.min(nearest(times, cursor), newest);
  const say = (line: Line) => (line.row[i] == null ? "–" : format(line.row[i]));

  // Stacks are drawn from the top one down, each in front of the one that reaches higher. A cursor that moves draws nothing anew.
  const [series, data] = useMemo(() => {
    const rows = lines.map((line) => line.row);
    const series: Series[] = lines.map(({ row: _, untold: __, ...one }) => one);
    return [stack ? series.toReversed() : series, [times, ...(stack ? stacked(rows, times.length).toReversed() : rows)] as uPlot.AlignedData];
  }, [times, lines, stack]);
  const from = Math.floor(range?.[0] ?? times[0] ?? 0);
  const to = Math.ceil(range?.[1] ?? times.at(-1) ?? 1);
  const { point } = axisOf(sync);
  return (
    <>
      <div className="plot" style={height === undefined ? undefined : { height }}>
        <Chart label={label} data={data} series={series} format={format} sync={sync} range={range} />
        <input
          type="range"
          className="plot-cursor"
          aria-label={`Cursor: ${label}`}
          aria-valuetext={i < 0 ? "nothing yet" : `${formatTime(times[i]! * 1_000)}: ${told.map((line) => `${line.label} ${say(line)}`).join(", ")}`}
          min={from}
          max={to}
          step={Math.max(1, Math.round((times[1] ?? 1) - (times[0] ?? 0)))}
          value={cursor ?? times[newest] ?? to}
          onChange={(event) => point(Math.min(Number(event.currentTarget.value), times[newest] ?? to))}
          onFocus={() => newest >= 0 && point(times[newest]!)}
          onBlur={() => point(null)}
        />
      </div>
      <ul className="legend">
        <li className="legend-time">{i < 0 ? "" : formatTime(times[i]! * 1_000)}</li>
        {lines.map((line, k) => (
          <li key={k} hidden={line.untold === true}>
            <span className="legend-key" style={{ background: `var(--${line.colour})` }} />
            {line.label}
            {line.untold !== true && <span className="legend-value">{say(line)}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
