import type { LiveState } from "../shared/live/use-stream.ts";
import "./live-pill.css";

const WORDS: Record<LiveState, string> = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  ended: "Not live",
  asleep: "Paused",
};

/** Whether the numbers beside it are of this second. */
export function LivePill({ state }: { state: LiveState }) {
  return (
    <span className="live-pill" data-state={state} role="status">
      {WORDS[state]}
    </span>
  );
}
