// The engine's words for people.
const REASONS: Record<string, { word: string; colour: string }> = {
  out_of_stock: { word: "Sold out", colour: "series-3" },
  purchase_limit: { word: "Limit reached", colour: "series-4" },
  rate_limited: { word: "Too fast", colour: "series-5" },
  sale_not_started: { word: "Not started", colour: "series-6" },
  sale_paused: { word: "Paused", colour: "series-2" },
  sale_ended: { word: "Over", colour: "series-7" },
  product_not_found: { word: "No such product", colour: "series-7" },
  idempotency_conflict: { word: "Key used twice", colour: "series-7" },
};

/** "out_of_stock" -> "Sold out"; what is not known is only made readable. */
export const sayReason = (code: string): string => REASONS[code]?.word ?? sayCode(code);

/** A colour stays with its reason, in every chart, whatever else is refused. */
export const reasonColour = (code: string): string => REASONS[code]?.colour ?? "series-1";

/** "queue_paused" -> "Queue paused" */
export function sayCode(code: string): string {
  const words = code.replaceAll(/[_.-]+/g, " ").trim();
  return words === "" ? code : words[0]!.toUpperCase() + words.slice(1);
}

export const STAGES: Record<string, string> = { payment: "Payment", confirm: "Confirmation", invoice: "Invoice", mail: "Mail" };
