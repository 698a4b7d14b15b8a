import { Link, useLocation, useSearchParams } from "wouter";
import { goNext, safeNext } from "../../shared/api/next.ts";
import { session } from "../../shared/api/session.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Notice } from "../../ui/surface.tsx";
import { useForm } from "../use-form.ts";

export function RegisterPage() {
  const [, navigate] = useLocation();
  const [search] = useSearchParams();
  const next = safeNext(search.get("next"));
  const { busy, refusal, errors, form } = useForm(async (value) => {
    await session.register(value("email"), value("password"), value("name"));
    goNext(next, navigate);
  });
  return (
    <>
      <PageHead title="Open an account" />
      <form className="stack narrow" {...form}>
        <TextField label="Name (optional)" name="name" autoComplete="name" maxLength={100} error={errors["name"]} />
        <TextField label="E-mail" name="email" type="email" autoComplete="email" required error={errors["email"]} />
        <TextField label="Password" name="password" type="password" autoComplete="new-password" minLength={8} maxLength={128} required hint="At least 8 characters." error={errors["password"]} />
        {refusal !== null && <Notice tone="refused" title={refusal} live="assertive" />}
        <Button type="submit" variant="primary" busy={busy}>
          Open account
        </Button>
        <p className="quiet small">
          You have one? <Link href={`/login?next=${encodeURIComponent(next)}`}>Log in</Link>
        </p>
      </form>
    </>
  );
}
