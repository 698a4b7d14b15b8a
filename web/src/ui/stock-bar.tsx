import { Meter } from "@base-ui/react/meter";
import { formatCount } from "../shared/format.ts";
import "./stock-bar.css";

interface StockBarProps {
  available: number;
  held: number;
  total: number;
  /** The last number is old: the stream is away. */
  stale?: boolean;
}

/** What is left, what is in other buyers' hands, what is gone. */
export function StockBar({ available, held, total, stale = false }: StockBarProps) {
  const share = (units: number) => (total === 0 ? 0 : (units / total) * 100);
  const words = available === 0 ? "Nothing left" : `${formatCount(available)} of ${formatCount(total)} left`;
  return (
    <Meter.Root className="stock" value={available} max={Math.max(total, 1)} aria-valuetext={words} getAriaValueText={() => words} data-stale={stale || undefined} data-low={share(available) <= 10 || undefined}>
      <span className="stock-words">
        <Meter.Label className="stock-left">{words}</Meter.Label>
        {held > 0 && <span className="quiet">{formatCount(held)} being paid</span>}
      </span>
      <Meter.Track className="stock-track">
        <span className="stock-part" data-part="available" style={{ transform: `scaleX(${share(available) / 100})` }} />
        <span className="stock-part" data-part="held" style={{ insetInlineStart: `${share(available)}%`, width: `${share(held)}%` }} />
      </Meter.Track>
    </Meter.Root>
  );
}
