// The server's time as React state. All who use the same step turn over together, on the server's full second.
import { useSyncExternalStore } from "react";
import { serverClock } from "./server-clock.ts";

class Metronome {
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private value: number;

  constructor(private readonly stepMs: number) {
    this.value = this.floor();
  }

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.beat();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) clearTimeout(this.timer);
    };
  };

  readonly read = () => {
    if (this.listeners.size === 0) this.value = this.floor();
    return this.value;
  };

  private floor() {
    return Math.floor(serverClock.now() / this.stepMs) * this.stepMs;
  }

  private readonly beat = () => {
    const before = this.value;
    this.value = this.floor();
    if (this.value !== before) for (const listener of this.listeners) listener();
    this.timer = setTimeout(this.beat, this.stepMs - (serverClock.now() % this.stepMs) + 2);
  };
}

const metronomes = new Map<number, Metronome>();

/** Server time in milliseconds, rounded down to `stepMs`; renders again with each step. */
export function useNow(stepMs = 1_000): number {
  let metronome = metronomes.get(stepMs);
  if (metronome === undefined) metronomes.set(stepMs, (metronome = new Metronome(stepMs)));
  return useSyncExternalStore(metronome.subscribe, metronome.read);
}
