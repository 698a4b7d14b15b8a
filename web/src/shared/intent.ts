// One intent to buy, one Idempotency-Key: made with the click, kept over reloads and crashes until the outcome
// is known, and then never used again. Pure: storage, time and key come in.
import { localStore, type Store } from "./storage.ts";

export interface Intent {
  key: string;
  userId: string;
  productId: string;
  quantity: number;
  startedAt: number;
}

/** fresh: send it. resumed: the same click again, or after a reload; the same key. busy: another quantity of
 *  this product is still undecided; that one, which is given, comes first. */
export type Begun = { kind: "fresh" | "resumed" | "busy"; intent: Intent };

export const INTENTS_NAME = "scalemart.intents";
/** After a day nobody waits any more. The order, if there is one, is in the list of orders. */
export const INTENT_AGE_MAX_MS = 24 * 3_600_000;
const INTENTS_MAX = 50;

function isIntent(value: unknown): value is Intent {
  const v = value as Partial<Intent> | null;
  return (
    typeof v === "object" &&
    v !== null &&
    typeof v.key === "string" &&
    typeof v.userId === "string" &&
    typeof v.productId === "string" &&
    Number.isInteger(v.quantity) &&
    typeof v.startedAt === "number"
  );
}

export class Intents {
  constructor(
    private readonly store: Store,
    private readonly now: () => number,
    private readonly newKey: () => string,
  ) {}

  /** The click. Two clicks, two tabs or a reload before the outcome: one intent. */
  begin(userId: string, productId: string, quantity: number): Begun {
    const open = this.find(userId, productId);
    if (open !== null) return { kind: open.quantity === quantity ? "resumed" : "busy", intent: open };
    const intent: Intent = { key: this.newKey(), userId, productId, quantity, startedAt: this.now() };
    this.write([...this.read(), intent].slice(-INTENTS_MAX));
    return { kind: "fresh", intent };
  }

  /** What this buyer has not heard the outcome of. */
  find(userId: string, productId: string): Intent | null {
    return this.read().find((intent) => intent.userId === userId && intent.productId === productId) ?? null;
  }

  open(userId: string): Intent[] {
    return this.read().filter((intent) => intent.userId === userId);
  }

  /** The outcome is known: an order, or a refusal after which the next click is a new intent. */
  settle(key: string): void {
    this.write(this.read().filter((intent) => intent.key !== key));
  }

  private read(): Intent[] {
    let kept: unknown;
    try {
      kept = JSON.parse(this.store.get(INTENTS_NAME) ?? "[]");
    } catch {
      return [];
    }
    if (!Array.isArray(kept)) return [];
    const oldest = this.now() - INTENT_AGE_MAX_MS;
    return kept.filter(isIntent).filter((intent) => intent.startedAt > oldest);
  }

  private write(intents: Intent[]): void {
    if (intents.length === 0) this.store.remove(INTENTS_NAME);
    else this.store.set(INTENTS_NAME, JSON.stringify(intents));
  }
}

export const intents = new Intents(
  localStore,
  () => Date.now(),
  () => newKey((bytes) => crypto.getRandomValues(bytes)),
);

/** 128 random bits. Not randomUUID, which plain http on a local network does not have. */
export function newKey(fill: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array): string {
  return Array.from(fill(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
