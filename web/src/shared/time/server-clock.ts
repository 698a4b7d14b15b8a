// The server's time. A sale starts when the server says so; what the visitor's clock shows must not matter.
//
// Every answer carries the time: X-Server-Time (RFC 3339, milliseconds) or at least Date (whole seconds). The
// answer was written somewhere between sending and hearing, so a sample is right to half of that; the best
// sample is kept, and counted on with the monotonic clock, which nobody can set.

export interface Ticks {
  /** Milliseconds that only go forward. */
  monotonic: () => number;
  /** The machine's clock, believed only until the server was heard. */
  wall: () => number;
}

interface Sample {
  /** Server time minus monotonic time. */
  offset: number;
  /** The offset is wrong by at most this much. */
  errorMs: number;
  monotonic: number;
  wall: number;
}

/** Crystals drift: an old sample is trusted less, 1 ms in 10 s, so that a new one can replace it. */
const DRIFT = 1e-4;
/** Wall and monotonic time differ by more: the machine slept, or somebody set its clock. */
const SLEEP_MS = 2_000;

export class ServerClock {
  private sample: Sample | null = null;

  constructor(private readonly source: Ticks) {}

  ticks(): number {
    return this.source.monotonic();
  }

  /** Milliseconds since 1970 on the server's clock. */
  now(): number {
    return this.sample === null ? this.source.wall() : this.sample.offset + this.source.monotonic();
  }

  /** Whether the server was heard; until then now() is the visitor's own clock. */
  isSynchronised(): boolean {
    return this.sample !== null;
  }

  /** True after the machine slept: ask the server for anything, and the time comes with it. */
  isDoubtful(): boolean {
    if (this.sample === null) return true;
    const counted = this.source.monotonic() - this.sample.monotonic;
    return Math.abs(this.source.wall() - this.sample.wall - counted) > SLEEP_MS;
  }

  /** Reads an answer's head. `sentAt` is what ticks() said when the request left. */
  observe(headers: Headers, sentAt: number): void {
    const precise = Date.parse(headers.get("X-Server-Time") ?? "");
    const coarse = Date.parse(headers.get("Date") ?? "");
    if (Number.isNaN(precise) && Number.isNaN(coarse)) return;
    const heardAt = this.source.monotonic();
    const travelMs = heardAt - sentAt;
    // Date has dropped its milliseconds: the middle of that second is the best guess.
    const told = Number.isNaN(precise) ? coarse + 500 : precise;
    const errorMs = travelMs / 2 + (Number.isNaN(precise) ? 500 : 1);
    if (!this.isDoubtful() && this.sample !== null) {
      const agedMs = this.sample.errorMs + (heardAt - this.sample.monotonic) * DRIFT;
      if (agedMs <= errorMs) return;
    }
    this.sample = { offset: told - (sentAt + travelMs / 2), errorMs, monotonic: heardAt, wall: this.source.wall() };
  }
}

export const serverClock = new ServerClock({ monotonic: () => performance.now(), wall: () => Date.now() });
