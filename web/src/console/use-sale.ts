// The sale as the monitor shows it: the server's memory first, then each second as it is told.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, ok } from "../shared/api/client.ts";
import type { Stats } from "../shared/api/types.ts";
import { type LiveState, useStream } from "../shared/live/use-stream.ts";
import { serverClock } from "../shared/time/server-clock.ts";
import { append, EMPTY, fromHistory, type Timeline } from "./timeline.ts";

/** Longer than this, the seconds are not shown one by one. */
const LIVE_SPAN_SECONDS = 900;

export interface Sale {
  state: LiveState;
  stats: Stats | null;
  line: Timeline;
}

export function useSale(spanSeconds: number): Sale {
  const isBySecond = spanSeconds <= LIVE_SPAN_SECONDS;
  const [stats, setStats] = useState<Stats | null>(null);
  const [line, setLine] = useState<Timeline>(EMPTY);
  const before = useRef<Stats | null>(null);

  const { state } = useStream("/api/admin/events", (name, data) => {
    if (name !== "stats") return;
    const now = data as Stats;
    const last = before.current;
    before.current = now;
    setStats(now);
    // The first one only says where the counts stand; the past tells of its second.
    if (isBySecond && last !== null) setLine((line) => append(line, now, last, LIVE_SPAN_SECONDS + 10));
  });

  // A stream that was away has left a hole: what was missed is asked for.
  const past = useQuery({
    queryKey: ["admin", "history", isBySecond ? LIVE_SPAN_SECONDS : spanSeconds, isBySecond ? state === "live" : null],
    queryFn: () => {
      const from = new Date(serverClock.now() - (isBySecond ? LIVE_SPAN_SECONDS : spanSeconds) * 1_000).toISOString();
      return ok(api.GET("/api/admin/history", { params: { query: { from, ...(isBySecond ? { step: 1 } : {}) } } }));
    },
    refetchInterval: isBySecond ? false : 10_000,
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  useEffect(() => {
    if (past.data !== undefined) setLine(fromHistory(past.data.data));
  }, [past.data]);

  return { state, stats, line };
}
