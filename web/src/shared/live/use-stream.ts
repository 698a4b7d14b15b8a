// A live stream as a hook. A page that nobody looks at lets its stream go: browsers have six connections to a
// server for all tabs together, and a buyer with seven tabs must still be able to buy.
import { useEffect, useEffectEvent, useState, useSyncExternalStore } from "react";
import { authorisedSend } from "../api/client.ts";
import { follow, type StreamState } from "./stream.ts";

export type LiveState = StreamState["kind"] | "asleep";

const HIDDEN_GRACE_MS = 5_000;

/** `path` null: no stream. At most one on a page; lists poll instead. */
export function useStream(path: string | null, onEvent: (name: string, data: unknown) => void): { state: LiveState; error: Error | null } {
  const isAwake = useSyncExternalStore(awake.subscribe, awake.read);
  const [state, setState] = useState<StreamState>({ kind: "connecting" });
  const handler = useEffectEvent(onEvent);
  useEffect(() => {
    if (path === null || !isAwake) return;
    const stop = new AbortController();
    void follow({
      url: new URL(path, location.origin).href,
      send: authorisedSend,
      signal: stop.signal,
      onState: setState,
      onEvent: (name, data) => handler(name, data),
    });
    return () => stop.abort();
  }, [path, isAwake]);
  return { state: isAwake ? state.kind : "asleep", error: state.kind === "ended" ? state.error : null };
}

class Awake {
  private isAwake = true;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();

  readonly read = () => this.isAwake;
  readonly subscribe = (listener: () => void) => {
    if (this.listeners.size === 0) document.addEventListener("visibilitychange", this.looked);
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) document.removeEventListener("visibilitychange", this.looked);
    };
  };

  private readonly looked = () => {
    clearTimeout(this.timer);
    if (document.visibilityState === "visible") this.become(true);
    else this.timer = setTimeout(() => this.become(false), HIDDEN_GRACE_MS);
  };
  private become(isAwake: boolean) {
    if (this.isAwake === isAwake) return;
    this.isAwake = isAwake;
    for (const listener of this.listeners) listener();
  }
}
const awake = new Awake();
