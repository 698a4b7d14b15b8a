// The engine's words for people.
const REASONS: Record<string, string> = {
  out_of_stock: "Sold out",
  purchase_limit: "Limit reached",
  rate_limited: "Too fast",
  sale_not_started: "Not started",
  sale_ended: "Over",
  sale_paused: "Paused",
  product_not_found: "No such product",
  idempotency_conflict: "Key used twice",
};

/** "out_of_stock" -> "Sold out"; what is not known is only made readable. */
export const sayReason = (code: string): string => REASONS[code] ?? sayCode(code);

/** "queue_paused" -> "Queue paused" */
export function sayCode(code: string): string {
  const words = code.replaceAll(/[_.-]+/g, " ").trim();
  return words === "" ? code : words[0]!.toUpperCase() + words.slice(1);
}

export const STAGES: Record<string, string> = { payment: "Payment", confirm: "Confirmation", invoice: "Invoice", mail: "Mail" };
