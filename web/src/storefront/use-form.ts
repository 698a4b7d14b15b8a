import { type FormEvent, useState } from "react";
import { fieldErrors, isApiError } from "../shared/api/error.ts";

/** Sends a form once at a time; what the server said about a field is told there, the rest beside the button. */
export function useForm(send: (value: (name: string) => string) => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setRefusal(null);
    setErrors({});
    try {
      await send((name) => String(form.get(name) ?? ""));
    } catch (error) {
      const found = isApiError(error) ? fieldErrors(error) : {};
      setErrors(found);
      if (Object.keys(found).length === 0) setRefusal(isApiError(error) ? error.message : "Something went wrong.");
    } finally {
      setBusy(false);
    }
  };
  return { busy, refusal, errors, onSubmit: (event: FormEvent<HTMLFormElement>) => void submit(event) };
}
