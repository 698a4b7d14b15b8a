// One cursor for all charts on one axis: whichever is pointed at tells the others the time.
import { useSyncExternalStore } from "react";

export interface Axis {
  /** In seconds since 1970; null: nothing is pointed at. */
  at: () => number | null;
  point: (at: number | null) => void;
  subscribe: (told: () => void) => () => void;
}

function makeAxis(): Axis {
  let now: number | null = null;
  const listeners = new Set<() => void>();
  return {
    at: () => now,
    point: (at) => {
      if (at === now) return;
      now = at;
      for (const told of listeners) told();
    },
    subscribe: (told) => {
      listeners.add(told);
      return () => void listeners.delete(told);
    },
  };
}

const axes = new Map<string, Axis>();

export function axisOf(name: string): Axis {
  let axis = axes.get(name);
  if (axis === undefined) axes.set(name, (axis = makeAxis()));
  return axis;
}

export const useCursor = (axis: Axis): number | null => useSyncExternalStore(axis.subscribe, axis.at);

/** Index of the time that is nearest; times rise. -1: there are none. */
export function nearest(times: ArrayLike<number>, at: number): number {
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return high > 0 && at - times[high - 1]! <= times[high]! - at ? high - 1 : high;
}
