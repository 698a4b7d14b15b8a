import { type FormEvent, useEffect, useRef, useState } from "react";
import { fieldErrors, isApiError } from "../shared/api/error.ts";

/**
 * Sends a form once at a time. What the server said about a field is told there, and the focus goes to the first of
 * them, so that it is read out; the rest is told beside the button.
 */
export function useForm(send: (value: (name: string) => string, form: HTMLFormElement) => Promise<void>) {
  const form = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [errors, setErrors] = useState<Record<string, string>>({});
  useEffect(() => {
    if (Object.keys(errors).length > 0) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [errors]);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    const sent = event.currentTarget;
    const values = new FormData(sent);
    const has = (name: string) => sent.elements.namedItem(name) !== null;
    setBusy(true);
    setRefusal(null);
    setErrors({});
    try {
      await send((name) => String(values.get(name) ?? ""), sent);
    } catch (error) {
      const found = isApiError(error) ? fieldErrors(error) : {};
      if (isApiError(error, "email_taken")) found["email"] = error.message;
      setErrors(found);
      if (!Object.keys(found).some(has)) setRefusal(isApiError(error) ? error.message : "Something went wrong.");
    } finally {
      setBusy(false);
    }
  };
  return { busy, refusal, errors, form: { ref: form, onSubmit: (event: FormEvent<HTMLFormElement>) => void submit(event) } };
}
