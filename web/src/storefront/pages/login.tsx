import { type FormEvent, useState } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import { isApiError } from "../../shared/api/error.ts";
import { session } from "../../shared/api/session.ts";
import { safeNext } from "../../shared/api/use-session.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Notice } from "../../ui/surface.tsx";

export function LoginPage() {
  const [, navigate] = useLocation();
  const [search] = useSearchParams();
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);

  const enter = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setRefusal(null);
    try {
      await session.login(String(form.get("email")), String(form.get("password")));
      const next = safeNext(search.get("next"));
      // The console is another document.
      if (next === "/admin" || next.startsWith("/admin/")) location.assign(next);
      else navigate(next);
    } catch (error) {
      setRefusal(isApiError(error) ? error.message : "Something went wrong.");
      setBusy(false);
    }
  };

  return (
    <>
      <PageHead title="Log in" />
      <form className="stack narrow" onSubmit={(event) => void enter(event)}>
        <TextField label="E-mail" name="email" type="email" autoComplete="email" required />
        <TextField label="Password" name="password" type="password" autoComplete="current-password" required />
        {refusal !== null && <Notice tone="refused" title={refusal} live="assertive" />}
        <Button type="submit" variant="primary" busy={busy}>
          Log in
        </Button>
        <p className="quiet small">
          New here? <Link href={`/register?next=${encodeURIComponent(safeNext(search.get("next")))}`}>Open an account</Link>
        </p>
      </form>
    </>
  );
}
