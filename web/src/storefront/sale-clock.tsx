// Which moment of a sale is next, and how long until then, on the server's clock.
import type { Product } from "../shared/api/types.ts";
import { formatDateTime } from "../shared/format.ts";
import { Countdown } from "../ui/countdown.tsx";
import { nextMoment } from "./moments.ts";

export function SaleClock({ product, className }: { product: Pick<Product, "state" | "starts_at" | "ends_at">; className?: string | undefined }) {
  const next = nextMoment(product);
  if (next !== null && product.state !== "sold_out") return <Line className={className} label={next.opens ? "Starts in" : "Ends in"} to={next.at} />;
  if (product.state === "ended" && product.ends_at) return <p className={className}>Ended {formatDateTime(product.ends_at)}</p>;
  return null;
}

const Line = ({ className, label, to }: { className: string | undefined; label: string; to: string }) => (
  <p className={className}>
    <span aria-hidden="true">{label} </span>
    <Countdown to={to} label={label} />
  </p>
);
