// Which moment of a sale is next, and how long until then, on the server's clock.
import type { Product } from "../shared/api/types.ts";
import { formatDateTime } from "../shared/format.ts";
import { Countdown } from "../ui/countdown.tsx";

type Timed = Pick<Product, "state" | "starts_at" | "ends_at">;

export function SaleClock({ product, className }: { product: Timed; className?: string | undefined }) {
  const { state, starts_at: starts, ends_at: ends } = product;
  if (state === "scheduled" && starts) return <Line className={className} label="Starts in" to={starts} />;
  if ((state === "live" || state === "paused") && ends) return <Line className={className} label="Ends in" to={ends} />;
  if (state === "ended" && ends) return <p className={className}>Ended {formatDateTime(ends)}</p>;
  return null;
}

const Line = ({ className, label, to }: { className: string | undefined; label: string; to: string }) => (
  <p className={className}>
    <span aria-hidden="true">{label} </span>
    <Countdown to={to} label={label} />
  </p>
);
