import { PageHead } from "../../ui/page.tsx";

export function RegisterPage() {
  return <PageHead title="Open an account" />;
}
