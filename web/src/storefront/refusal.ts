// Every refusal of a buy in plain words: what happened, and what can be done.
import type { ApiError } from "../shared/api/error.ts";

export interface Refusal {
  tone: "coming" | "over" | "refused";
  title: string;
  text: string;
  /** Where to go from here. */
  to?: { href: string; label: string };
}

export interface Offered {
  id: string;
  available: number;
  per_user_limit?: number | null;
}

const OTHER_SALES = { href: "/", label: "See other sales" };
const NOTHING_TAKEN = "Nothing was taken.";

export function tellRefusal(error: ApiError, product: Offered): Refusal {
  switch (error.code) {
    case "out_of_stock":
      if (product.available > 0) return { tone: "over", title: "Not that many are left", text: `Choose fewer and try again. ${NOTHING_TAKEN}` };
      return error.final === true
        ? { tone: "over", title: "Sold out", text: "Every unit is sold. Only a restock could change that, and it would be shown here.", to: OTHER_SALES }
        : { tone: "coming", title: "Sold out for now", text: "Units are in other buyers' hands and may come back. Stay on this page: it tells you at once." };
    case "purchase_limit":
      return {
        tone: "refused",
        title: "You have reached the limit",
        text: product.per_user_limit ? `Each buyer can have ${product.per_user_limit}, open orders included. Yours are in your orders.` : "Yours are in your orders.",
        to: { href: "/orders", label: "See my orders" },
      };
    case "rate_limited":
      return { tone: "coming", title: "Too fast", text: "You asked too often. Nothing was taken and nothing is lost." };
    case "sale_not_started":
      return { tone: "coming", title: "Not started yet", text: "The button opens when the clock reaches zero." };
    case "sale_paused":
      return { tone: "coming", title: "The sale is paused", text: "Nothing is being sold at the moment. This page goes on by itself when the sale does." };
    case "sale_ended":
      return { tone: "over", title: "The sale is over", text: NOTHING_TAKEN, to: OTHER_SALES };
    case "product_not_found":
      return { tone: "over", title: "This sale is no longer here", text: NOTHING_TAKEN, to: OTHER_SALES };
    case "overloaded":
      return { tone: "coming", title: "The shop is overloaded", text: `More is asked of it than it can answer. ${NOTHING_TAKEN}` };
    case "read_only":
    case "unavailable":
      return { tone: "coming", title: "The shop cannot sell at the moment", text: `It is being seen to. ${NOTHING_TAKEN}` };
    case "not_authenticated":
    case "invalid_token":
    case "token_expired":
      return { tone: "refused", title: "Your login has ended", text: `Log in and buy again. ${NOTHING_TAKEN}`, to: { href: `/login?next=${encodeURIComponent(`/p/${product.id}`)}`, label: "Log in" } };
    case "forbidden":
      return { tone: "refused", title: "This account cannot buy", text: error.message };
    case "idempotency_conflict":
      return { tone: "coming", title: "You have bought already", text: "Another click of yours arrived first. It is in your orders.", to: { href: "/orders", label: "See my orders" } };
    default:
      if (error.status === 0 || error.status >= 500 || error.status === 408)
        return { tone: "coming", title: "No answer yet", text: "Your buy may have arrived. Try again: it is the same buy and can only count once." };
      return { tone: "refused", title: "That did not work", text: error.message };
  }
}

/** While the page tries again by itself. */
export function tellWait(error: ApiError): string {
  if (error.status === 429) return "Too fast";
  return error.status === 503 ? "The shop is overloaded" : "The shop is slow to answer";
}
