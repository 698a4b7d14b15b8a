// The words of the shop, as the API document has them.
import type { components } from "./schema.ts";

type Schemas = components["schemas"];

export type Product = Schemas["Product"];
export type ProductState = Product["state"];
export type Order = Schemas["Order"];
export type OrderStatus = Order["status"];
export type OrderTicket = Schemas["OrderTicket"];
export type User = Schemas["User"];
export type SessionAnswer = Schemas["Session"];
export type ErrorBody = Schemas["Error"];

export type Stats = Schemas["Stats"];
export type SaleHistory = Schemas["SaleHistory"];
export type AdminOrder = Schemas["AdminOrder"];
export type FinishedStep = Schemas["FinishedStep"];

/** Data of the stream /api/products/{id}/events, event `stock`. */
export type StockEvent = Pick<Product, "available" | "held" | "sold" | "total" | "state">;
/** Data of the stream /api/orders/{id}/events, event `order`. */
export type OrderEvent = { id: string; status: OrderStatus; status_reason: string | null; at: string };
