// What the server said it will change at a moment: asked for again once that moment has come, because the stream
// that would tell may be away just then.
import { useEffect, useEffectEvent } from "react";
import { useNow } from "./use-now.ts";

/** A crowd that looks at one clock must not ask in one millisecond: spread over this long, and again after it. */
export const SPREAD_MS = 1_500;
const AGAIN_MS = 2_500;

/** Whether `at` (null: never) has come, on the server's clock; from then on `ask` is called until `at` is another. */
export function useDue(at: string | null, ask: () => void, random: () => number = Math.random): boolean {
  const isDue = useNow() >= (at === null ? Infinity : Date.parse(at));
  const again = useEffectEvent(ask);
  useEffect(() => {
    if (!isDue) return;
    let timer: ReturnType<typeof setTimeout>;
    const turn = () => {
      again();
      timer = setTimeout(turn, AGAIN_MS + random() * SPREAD_MS);
    };
    timer = setTimeout(turn, random() * SPREAD_MS);
    return () => clearTimeout(timer);
  }, [isDue, at]);
  return isDue;
}
