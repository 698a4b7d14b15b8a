// One buy from click to outcome, whatever the line does in between. No markup; storage and network come in.
import { type ApiError, isApiError, isOutcomeUnknown, isTransient } from "../shared/api/error.ts";
import { BUY_POLICY, READ_POLICY, type RetryOptions, retrying } from "../shared/api/retry.ts";
import type { Intent, Intents } from "../shared/intent.ts";

export interface BuyParts {
  intents: Pick<Intents, "begin" | "find" | "settle">;
  /** Sends the buy under the intent's key; gives the order's id. */
  send: (intent: Intent) => Promise<string>;
  /** The order's id under this key, or null: it never arrived. */
  lookUp: (key: string) => Promise<string | null>;
  retry?: Pick<RetryOptions, "random" | "wait">;
}

export type Wait = (waitMs: number, error: ApiError) => void;

/** The click. Gives the order's id or throws the refusal; repeats by itself, always under the same key. */
export async function placeBuy(parts: BuyParts, userId: string, productId: string, quantity: number, onWait: Wait): Promise<string> {
  let begun = parts.intents.begin(userId, productId, quantity);
  if (begun.kind === "busy") {
    // Another quantity was tried before. It is an order already, or it never will be.
    const found = await parts.lookUp(begun.intent.key);
    parts.intents.settle(begun.intent.key);
    if (found !== null) return found;
    begun = parts.intents.begin(userId, productId, quantity);
  }
  const { intent } = begun;
  let isOpen = begun.kind !== "fresh";
  const attempt = async () => {
    try {
      return await parts.send(intent);
    } catch (error) {
      isOpen ||= isApiError(error) && isOutcomeUnknown(error);
      throw error;
    }
  };
  try {
    const orderId = await retrying(attempt, { policy: BUY_POLICY, onWait, ...parts.retry });
    parts.intents.settle(intent.key);
    return orderId;
  } catch (error) {
    // 429 and 503 take nothing; but a try before them may have: then the key is kept.
    if (isApiError(error) && !isOutcomeUnknown(error) && (!isTransient(error) || !isOpen)) parts.intents.settle(intent.key);
    throw error;
  }
}

/** At page load: what became of a click before. null: nothing was open. */
export async function findBuy(parts: BuyParts, userId: string, productId: string): Promise<{ orderId: string | null } | null> {
  const open = parts.intents.find(userId, productId);
  if (open === null) return null;
  const orderId = await retrying(() => parts.lookUp(open.key), { policy: { ...READ_POLICY, triesMax: 20 }, ...parts.retry });
  if (orderId !== null) parts.intents.settle(open.key);
  return { orderId };
}
