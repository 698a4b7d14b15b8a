import { formatCountdown, sayDuration } from "../shared/format.ts";
import { useNow } from "../shared/time/use-now.ts";

/** Ticks on the server's clock. Screen readers are told when asked, not each second. */
export function Countdown({ to, label }: { to: string | number; label: string }) {
  const left = new Date(to).getTime() - useNow();
  return (
    <span role="timer" aria-live="off">
      <span className="visually-hidden">
        {label} {sayDuration(left)}
      </span>
      <span aria-hidden="true">{formatCountdown(left)}</span>
    </span>
  );
}
