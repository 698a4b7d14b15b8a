import type { Product } from "../shared/api/types.ts";

type Timed = Pick<Product, "state" | "starts_at" | "ends_at">;

/** When a sale opens or closes next; null: it will not, by the clock. */
export function nextMoment({ state, starts_at: starts, ends_at: ends }: Timed): { at: string; opens: boolean } | null {
  if (state === "scheduled") return starts ? { at: starts, opens: true } : null;
  return state !== "ended" && ends ? { at: ends, opens: false } : null;
}

/** The first of many sales to change. */
export function firstMoment(sales: Timed[]): string | null {
  const all = sales.map((sale) => nextMoment(sale)?.at).filter((at) => at !== undefined);
  return all.reduce<string | null>((first, at) => (first === null || Date.parse(at) < Date.parse(first) ? at : first), null);
}
