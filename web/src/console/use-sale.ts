// The sale as the monitor shows it: the server's memory first, then each second as it is told.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, ok } from "../shared/api/client.ts";
import type { Stats } from "../shared/api/types.ts";
import { type LiveState, useStream } from "../shared/live/use-stream.ts";
import { serverClock } from "../shared/time/server-clock.ts";
import { append, carryOn, EMPTY, fromHistory, type Timeline } from "./timeline.ts";

/** Longer than this, the seconds are not shown one by one. */
const LIVE_SPAN_SECONDS = 900;
const KEPT_SECONDS = LIVE_SPAN_SECONDS + 10;
/** The server's memory ends some seconds ago: what was told meanwhile is put after it. */
const RECENT = 30;

export interface Sale {
  state: LiveState;
  stats: Stats | null;
  line: Timeline;
}

export function useSale(spanSeconds: number): Sale {
  const isBySecond = spanSeconds <= LIVE_SPAN_SECONDS;
  const [stats, setStats] = useState<Stats | null>(null);
  const [line, setLine] = useState<Timeline>(EMPTY);
  const recent = useRef<Stats[]>([]);

  const { state } = useStream("/api/admin/events", (name, data) => {
    if (name !== "stats") return;
    const now = data as Stats;
    const last = recent.current.at(-1);
    recent.current = [...recent.current.slice(-RECENT), now];
    setStats(now);
    // The first one only says where the counts stand; the past tells of its second.
    if (isBySecond && last !== undefined) setLine((line) => append(line, now, last, KEPT_SECONDS));
  });

  // A stream that was away has left a hole: what was missed is asked for, and once more for the seconds between the
  // server's memory and the first that was told.
  const past = useQuery({
    queryKey: ["admin", "history", isBySecond ? LIVE_SPAN_SECONDS : spanSeconds, isBySecond ? state === "live" : null],
    queryFn: () => {
      const from = new Date(serverClock.now() - (isBySecond ? LIVE_SPAN_SECONDS : spanSeconds) * 1_000).toISOString();
      return ok(api.GET("/api/admin/history", { params: { query: { from, ...(isBySecond ? { step: 1 } : {}) } } }));
    },
    refetchInterval: ({ state: { dataUpdateCount } }) => (!isBySecond ? 10_000 : dataUpdateCount < 2 ? 5_000 : false),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  useEffect(() => {
    if (past.data === undefined) return;
    const line = fromHistory(past.data.data);
    setLine(isBySecond ? carryOn(line, recent.current, KEPT_SECONDS) : line);
  }, [past.data, isBySecond]);

  return { state, stats, line };
}
