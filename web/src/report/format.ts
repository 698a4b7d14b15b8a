// The report of `scalemart rehearse` (docs/rehearsal.md): what the drawing needs of it.
export interface Measure {
  count: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
}
interface Second {
  accepted: number;
  confirmed: number;
  refused: number;
  refused_by: Record<string, number>;
  errors: number;
  /** null: nobody bought in that second. */
  latency_ms: Record<"p50" | "p99", number | null> | null;
}
export interface Report {
  program: string;
  begun_at: string;
  machine: { system: string | null; cpu: string | null; cpus: number | null } | null;
  options: { product: string; rate: number; duration_s: number; connections: number };
  ok: boolean;
  checks: { name: string; ok: boolean; detail: string }[];
  drift: number | null;
  seconds: number;
  visits: number;
  accepted: number;
  accepted_per_second: number;
  confirmed: number;
  refused: Record<string, number>;
  errors: number;
  latency_ms: Record<string, Measure>;
  per_second: Second[];
  stock: { at: number; available: number; held: number; sold: number }[];
}

/** The report, or why it is none. */
export function readReport(value: unknown): Report | string {
  if (typeof value !== "object" || value === null || (value as { kind?: unknown }).kind !== "scalemart-rehearsal") return "This file holds no report of a rehearsal";
  const { version, per_second, checks, stock, latency_ms, options } = value as Record<string, unknown>;
  if (version !== 1) return `This report has version ${String(version)}; only version 1 is known here`;
  if (!Array.isArray(per_second) || !Array.isArray(checks) || !Array.isArray(stock) || typeof latency_ms !== "object" || latency_ms === null || typeof options !== "object" || options === null) return "This report is not whole";
  return value as Report;
}
