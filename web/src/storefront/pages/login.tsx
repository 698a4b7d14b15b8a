import { Link, useLocation, useSearchParams } from "wouter";
import { goNext, safeNext } from "../../shared/api/next.ts";
import { session } from "../../shared/api/session.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Notice } from "../../ui/surface.tsx";
import { useForm } from "../use-form.ts";

export function LoginPage() {
  const [, navigate] = useLocation();
  const [search] = useSearchParams();
  const next = safeNext(search.get("next"));
  const { busy, refusal, errors, form } = useForm(async (value) => {
    await session.login(value("email"), value("password"));
    goNext(next, navigate);
  });
  return (
    <>
      <PageHead title="Log in" />
      <form className="stack narrow" {...form}>
        <TextField label="E-mail" name="email" type="email" autoComplete="email" required error={errors["email"]} />
        <TextField label="Password" name="password" type="password" autoComplete="current-password" required error={errors["password"]} />
        {refusal !== null && <Notice tone="refused" title={refusal} live="assertive" />}
        <Button type="submit" variant="primary" busy={busy}>
          Log in
        </Button>
        <p className="quiet small">
          New here? <Link href={`/register?next=${encodeURIComponent(next)}`}>Open an account</Link>
        </p>
      </form>
    </>
  );
}
