// Numbers, money and times as people read them. One locale for the whole page: the browser's.

const money = new Map<string, Intl.NumberFormat>();

function moneyFormat(currency: string, whole: boolean): Intl.NumberFormat {
  const name = `${currency}${whole ? " whole" : ""}`;
  let format = money.get(name);
  if (format === undefined) {
    format = new Intl.NumberFormat(undefined, { style: "currency", currency, ...(whole ? { maximumFractionDigits: 0 } : {}) });
    money.set(name, format);
  }
  return format;
}

/** Digits behind the point: 2 for EUR, 0 for JPY, 3 for KWD (ISO 4217, as Intl knows it). */
export const minorDigits = (currency: string): number => moneyFormat(currency, false).resolvedOptions().maximumFractionDigits ?? 2;

/** 12900 EUR -> "€129.00". Exact as long as the amount is a safe integer. */
export const formatMoney = (minor: number, currency: string): string => moneyFormat(currency, false).format(minor / 10 ** minorDigits(currency));

/** For wall screens: no cents. */
export const formatMoneyWhole = (minor: number, currency: string): string => moneyFormat(currency, true).format(minor / 10 ** minorDigits(currency));

/** "129.5" EUR -> 12950; null when it is no such amount. For fields of forms: digits and one point or comma. */
export function parseMoney(text: string, currency: string): number | null {
  const match = /^(\d{1,13})(?:[.,](\d+))?$/.exec(text.trim());
  if (match === null) return null;
  const digits = minorDigits(currency);
  const fraction = match[2] ?? "";
  if (fraction.length > digits) return null;
  const minor = Number(match[1]! + fraction.padEnd(digits, "0"));
  return Number.isSafeInteger(minor) ? minor : null;
}

/** The saving in whole percent, rounded down so that nothing is promised too much; null when there is none. */
export function savingPercent(listMinor: number | null | undefined, saleMinor: number): number | null {
  if (listMinor === null || listMinor === undefined || listMinor <= saleMinor) return null;
  return Math.floor(((listMinor - saleMinor) * 100) / listMinor) || null;
}

const count = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
export const formatCount = (value: number): string => count.format(value);
/** 45123 -> "45.1K" */
export const formatCompact = (value: number): string => compact.format(value);

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
export const formatDateTime = (at: string | number): string => dateTime.format(new Date(at));
/** With its second: for what happened. */
export const formatMoment = (at: string | number): string => moment.format(new Date(at));
/** "10:04:05", for axes and lists of one day. */
export const formatTime = (at: string | number): string => time.format(new Date(at));

const two = (value: number) => String(value).padStart(2, "0");

/** Time left on a sale's clock: "04:05", "03:04:05", "2d 03:04:05". Rounded up, so that 00:00 means now. */
export function formatCountdown(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1_000));
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const clock = `${two(Math.floor((seconds % 3_600) / 60))}:${two(seconds % 60)}`;
  if (days > 0) return `${days}d ${two(hours)}:${clock}`;
  return hours > 0 ? `${two(hours)}:${clock}` : clock;
}

const plural = (value: number, unit: string) => `${value} ${unit}${value === 1 ? "" : "s"}`;

/** The same in words, for screen readers and sentences: "2 days 3 hours", "4 minutes 5 seconds". */
export function sayDuration(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1_000));
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), "day"],
    [Math.floor((seconds % 86_400) / 3_600), "hour"],
    [Math.floor((seconds % 3_600) / 60), "minute"],
    [seconds % 60, "second"],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return "0 seconds";
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => plural(value, unit))
    .join(" ");
}

/** Latencies: 0.43 -> "0.43 ms", 12.3 -> "12.3 ms", 2345 -> "2.35 s". */
export function formatMs(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(2)} s`;
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)} ms`;
}

/** For the marks of an axis: "2.50 ms" -> "2.5 ms", "5.00 ms" -> "5 ms". */
export const withoutZeros = (text: string): string => text.replace(/\.(\d*?)0+(?=\D|$)/, (_, kept: string) => (kept === "" ? "" : `.${kept}`));
