import { useEffect, useRef, useState } from "react";
import { api, ok } from "../shared/api/client.ts";
import { ApiError, isApiError } from "../shared/api/error.ts";
import { type Intent, INTENTS_NAME, intents } from "../shared/intent.ts";
import { serverClock } from "../shared/time/server-clock.ts";
import { type BuyParts, findBuy, placeBuy } from "./buy.ts";

export type BuyState =
  | { kind: "idle" | "sending" | "looking" | "unsent" }
  | { kind: "waiting"; until: number; error: ApiError }
  | { kind: "refused"; error: ApiError; until: number | null }
  | { kind: "bought"; orderId: string };

const parts: BuyParts = {
  intents,
  send: async ({ key, productId, quantity }) =>
    (await ok(api.POST("/api/flash-buy", { params: { header: { "Idempotency-Key": key } }, body: { product_id: productId, quantity } }))).data.order_id,
  lookUp: async (key) => {
    try {
      return (await ok(api.GET("/api/orders/by-key/{key}", { params: { path: { key } } }))).data.id;
    } catch (error) {
      if (isApiError(error) && error.status === 404) return null;
      throw error;
    }
  },
};

/** `open`: the click whose outcome is not known yet; its quantity stays until it is. */
export function useBuy(userId: string | null, productId: string) {
  const [state, setState] = useState<BuyState>({ kind: "idle" });
  const [open, refreshOpen] = useOpenIntent(userId, productId);
  const isRunning = useRef(false);

  const refuse = (error: unknown) => {
    const known = isApiError(error) ? error : new ApiError(0, "unexpected", "Something went wrong.");
    setState({ kind: "refused", error: known, until: known.retryAfterMs === null ? null : serverClock.now() + known.retryAfterMs });
  };
  const alone = async (work: () => Promise<void>) => {
    if (isRunning.current) return;
    isRunning.current = true;
    try {
      await work();
    } catch (error) {
      refuse(error);
    } finally {
      isRunning.current = false;
      refreshOpen();
    }
  };

  const buy = (quantity: number) =>
    alone(async () => {
      if (userId === null) return;
      setState({ kind: "sending" });
      const orderId = await placeBuy(parts, userId, productId, quantity, (ms, error) => setState({ kind: "waiting", until: serverClock.now() + ms, error }));
      setState({ kind: "bought", orderId });
    });

  useEffect(() => {
    if (userId === null || intents.find(userId, productId) === null) return;
    void alone(async () => {
      setState({ kind: "looking" });
      const found = await findBuy(parts, userId, productId);
      setState(found?.orderId ? { kind: "bought", orderId: found.orderId } : { kind: found === null ? "idle" : "unsent" });
    });
  }, [userId, productId]);

  return { state, open, buy };
}

/** Also when another tab clicked. */
function useOpenIntent(userId: string | null, productId: string): [Intent | null, () => void] {
  const find = () => (userId === null ? null : intents.find(userId, productId));
  const [open, setOpen] = useState(find);
  useEffect(() => {
    setOpen(find());
    const other = (event: StorageEvent) => event.key === INTENTS_NAME && setOpen(find());
    window.addEventListener("storage", other);
    return () => window.removeEventListener("storage", other);
  }, [userId, productId]);
  return [open, () => setOpen(find())];
}
