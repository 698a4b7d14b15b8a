import type { ReactNode } from "react";
import type { OrderStatus, ProductState } from "../shared/api/types.ts";
import "./badge.css";

export type Tone = "live" | "coming" | "over" | "refused";

/** A state in a word. The word says it; the colour only helps. */
export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className="badge" data-tone={tone}>
      {children}
    </span>
  );
}

export const PRODUCT_STATES: Record<ProductState, { tone: Tone; word: string }> = {
  scheduled: { tone: "coming", word: "Coming" },
  live: { tone: "live", word: "Live" },
  paused: { tone: "coming", word: "Paused" },
  sold_out: { tone: "over", word: "Sold out" },
  ended: { tone: "over", word: "Over" },
};

export const ORDER_STATUSES: Record<OrderStatus, { tone: Tone; word: string }> = {
  pending: { tone: "coming", word: "Pending" },
  processing: { tone: "coming", word: "Processing" },
  confirmed: { tone: "live", word: "Confirmed" },
  failed: { tone: "refused", word: "Failed" },
  expired: { tone: "over", word: "Expired" },
  cancelled: { tone: "over", word: "Cancelled" },
  refunded: { tone: "over", word: "Refunded" },
};

export const ProductBadge = ({ state }: { state: ProductState }) => <Badge tone={PRODUCT_STATES[state].tone}>{PRODUCT_STATES[state].word}</Badge>;
export const OrderBadge = ({ status }: { status: OrderStatus }) => <Badge tone={ORDER_STATUSES[status].tone}>{ORDER_STATUSES[status].word}</Badge>;
