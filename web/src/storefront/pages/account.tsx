import { useState } from "react";
import { session } from "../../shared/api/session.ts";
import { isApiError } from "../../shared/api/error.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Notice } from "../../ui/surface.tsx";
import { MembersOnly } from "../members-only.tsx";
import { useForm } from "../use-form.ts";

export const AccountPage = () => <MembersOnly title="Account">{(user) => <Account email={user.email} />}</MembersOnly>;

function Account({ email }: { email: string }) {
  const [problem, setProblem] = useState<string | null>(null);
  const leave = (everywhere: boolean) => {
    setProblem(null);
    session.logout(everywhere).catch((error: unknown) => setProblem(isApiError(error) ? error.message : "Something went wrong."));
  };
  return (
    <>
      <PageHead title="Account">
        <p className="quiet">{email}</p>
      </PageHead>
      <div className="stack narrow">
        <div className="row">
          <Button onClick={() => leave(false)}>Log out</Button>
          <Button onClick={() => leave(true)}>Log out everywhere</Button>
        </div>
        {problem !== null && <Notice tone="refused" title={problem} live="assertive" />}
        <ChangePassword />
      </div>
    </>
  );
}

function ChangePassword() {
  const [isDone, setDone] = useState(false);
  // The same form goes on, only empty: the focus stays where it is.
  const { busy, refusal, errors, form } = useForm(async (value, sent) => {
    setDone(false);
    await session.changePassword(value("current_password"), value("new_password"));
    sent.reset();
    setDone(true);
  });
  return (
    <form className="stack" {...form}>
      <h2>Change password</h2>
      <TextField label="Current password" name="current_password" type="password" autoComplete="current-password" required error={errors["current_password"]} />
      <TextField label="New password" name="new_password" type="password" autoComplete="new-password" minLength={8} maxLength={128} required hint="At least 8 characters. Other devices are logged out." error={errors["new_password"]} />
      {refusal !== null && <Notice tone="refused" title={refusal} live="assertive" />}
      {isDone && <Notice tone="live" title="The password is changed" live="assertive" />}
      <Button type="submit" variant="primary" busy={busy}>
        Change password
      </Button>
    </form>
  );
}
