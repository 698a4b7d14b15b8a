import { PageHead } from "../../ui/page.tsx";

export function LoginPage() {
  return <PageHead title="Log in" />;
}
