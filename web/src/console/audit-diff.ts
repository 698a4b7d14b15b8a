// What an entry of the audit trail changed, member by member.

export interface Difference {
  /** Empty: the whole of it is one value. */
  name: string;
  before: string | null;
  after: string | null;
}

export function differences(before: unknown, after: unknown): Difference[] {
  if (!isRecord(before) && !isRecord(after)) return before == null && after == null ? [] : [{ name: "", before: say(before), after: say(after) }];
  const was = isRecord(before) ? before : {};
  const is = isRecord(after) ? after : {};
  return [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .map((name) => ({ name, before: name in was ? say(was[name]) : null, after: name in is ? say(is[name]) : null }))
    .filter((one) => one.before !== one.after);
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function say(value: unknown): string | null {
  if (value === undefined) return null;
  if (value === null) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}
