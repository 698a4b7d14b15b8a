// Every refusal of a buy in plain words: what happened, and what can be done.
import type { ApiError } from "../shared/api/error.ts";

export interface Refusal {
  tone: "coming" | "over" | "refused";
  title: string;
  text: string;
  /** Where to go from here. */
  to?: { href: string; label: string };
}

export function tellRefusal(error: ApiError, available: number, limit: number | null | undefined): Refusal {
  switch (error.code) {
    case "out_of_stock":
      if (available > 0) return { tone: "over", title: "Not that many are left", text: "Choose fewer and try again. Nothing was taken." };
      return error.final === true
        ? { tone: "over", title: "Sold out", text: "Every unit is sold. Only a restock could change that, and it would be shown here.", to: { href: "/", label: "See other sales" } }
        : { tone: "coming", title: "Sold out for now", text: "Units are in other buyers' hands and may come back. Stay on this page: it tells you at once." };
    case "purchase_limit":
      return { tone: "refused", title: "You have reached the limit", text: limit ? `Each buyer can have ${limit}. Yours are in your orders.` : "Yours are in your orders.", to: { href: "/orders", label: "See my orders" } };
    case "rate_limited":
      return { tone: "coming", title: "Too fast", text: "You asked too often. Nothing was taken and nothing is lost." };
    case "sale_not_started":
      return { tone: "coming", title: "Not started yet", text: "The button opens when the clock reaches zero." };
    case "sale_paused":
      return { tone: "coming", title: "The sale is paused", text: "Nothing is being sold at the moment. This page goes on by itself when the sale does." };
    case "sale_ended":
      return { tone: "over", title: "The sale is over", text: "Nothing was taken.", to: { href: "/", label: "See other sales" } };
    case "overloaded":
    case "unavailable":
    case "read_only":
      return { tone: "coming", title: "The shop is overloaded", text: "Nothing was taken. Try again in a moment." };
    default:
      if (error.status === 0 || error.status >= 500 || error.status === 408)
        return { tone: "coming", title: "No answer yet", text: "Your buy may have arrived. Try again: it is the same buy and can only count once." };
      return { tone: "refused", title: "That did not work", text: error.message };
  }
}
