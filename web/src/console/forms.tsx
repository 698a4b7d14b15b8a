// What the console's forms and lists share.
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { fieldErrors, isApiError } from "../shared/api/error.ts";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/surface.tsx";
import { useToast } from "../ui/toast.tsx";

export const messageOf = (error: unknown): string => (isApiError(error) ? error.message : "Something went wrong.");

/** Does something once at a time, tells how it went, and asks anew for what may have changed. Throws what went wrong. */
export function useAct() {
  const say = useToast();
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const act = async <T,>(deed: () => Promise<T>, done: string | ((answer: T) => string), quietly = false): Promise<T> => {
    setBusy(true);
    try {
      const answer = await deed();
      say(typeof done === "string" ? done : done(answer), { tone: "live" });
      return answer;
    } catch (error) {
      if (!quietly) say(messageOf(error), { tone: "refused" });
      throw error;
    } finally {
      setBusy(false);
      void client.invalidateQueries({ queryKey: ["admin"] });
    }
  };
  return { act, busy };
}

export interface Refusal {
  fields: Record<string, string>;
  whole: string | null;
}
export const NO_REFUSAL: Refusal = { fields: {}, whole: null };

/** Errors that have a field stand at it; the others above the button. */
export function refusalOf(error: unknown, shown: string[]): Refusal {
  const fields = isApiError(error) ? fieldErrors(error) : {};
  return { fields, whole: Object.keys(fields).some((name) => shown.includes(name)) ? null : messageOf(error) };
}

export const RefusalNotice = ({ of }: { of: Refusal }) => (of.whole === null ? null : <Notice tone="refused" title={of.whole} live="assertive" />);

/** A list that could not be read. */
export const Unread = ({ error, again }: { error: unknown; again: () => void }) => (
  <Notice tone="refused" title="This could not be read" live="assertive" actions={<Button onClick={again}>Try again</Button>}>
    {messageOf(error)}
  </Notice>
);

export const More = ({ shown, busy, onMore }: { shown: boolean; busy: boolean; onMore: () => void }): ReactNode =>
  shown ? (
    <div className="row">
      <Button busy={busy} onClick={onMore}>
        Show more
      </Button>
    </div>
  ) : null;

/** "2026-11-27T10:00" of this browser's zone for a field; and back, as the API wants it. */
export function toLocalField(at: string | null | undefined): string {
  if (at == null) return "";
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace(/:00$/, "");
}
export const fromLocalField = (text: string): string | null => {
  const date = new Date(text);
  return text === "" || Number.isNaN(date.getTime()) ? null : date.toISOString();
};
