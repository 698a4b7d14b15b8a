// One buy from click to outcome, whatever the line does in between. No markup; storage and network come in.
import { type ApiError, isApiError, isOutcomeUnknown, isTransient } from "../shared/api/error.ts";
import { BUY_POLICY, READ_POLICY, type RetryOptions, retrying } from "../shared/api/retry.ts";
import type { Intent, Intents } from "../shared/intent.ts";

export interface BuyParts {
  intents: Pick<Intents, "begin" | "find" | "settle">;
  /** Sends the buy under the intent's key; gives the order's id. */
  send: (intent: Intent) => Promise<string>;
  /** The order's id under this key, or null: it has not arrived. It may be on its way all the same. */
  lookUp: (key: string) => Promise<string | null>;
  retry?: Pick<RetryOptions, "random" | "wait">;
}

export type Wait = (waitMs: number, error: ApiError) => void;

/**
 * The click. Gives the order's id or throws the refusal; repeats by itself, always under the same key.
 *
 * While a click before has no outcome, that one is sent again, as it was, whatever `quantity` says now: a new key
 * beside a request that may still be travelling could buy twice. So the page keeps the quantity as it was, too.
 */
export async function placeBuy(parts: BuyParts, userId: string, productId: string, quantity: number, onWait: Wait): Promise<string> {
  const { kind, intent } = parts.intents.begin(userId, productId, quantity);
  let isOpen = kind !== "fresh";
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
    if (isSettled(error, isOpen)) parts.intents.settle(intent.key);
    throw error;
  }
}

/** The server has decided about this key: the next click is a new intent. */
function isSettled(error: unknown, isOpen: boolean): boolean {
  if (!isApiError(error) || error.status === 0 || isOutcomeUnknown(error)) return false;
  // These stop at the door. They take nothing; but of a try before them, which may have, they do not speak.
  const isAtDoor = [401, 403].includes(error.status) || isTransient(error);
  return !isAtDoor || !isOpen;
}

/** At page load: what became of a click before. null: nothing was open. */
export async function findBuy(parts: BuyParts, userId: string, productId: string): Promise<{ orderId: string | null } | null> {
  const open = parts.intents.find(userId, productId);
  if (open === null) return null;
  const orderId = await retrying(() => parts.lookUp(open.key), { policy: { ...READ_POLICY, triesMax: 20 }, ...parts.retry });
  if (orderId !== null) parts.intents.settle(open.key);
  return { orderId };
}
