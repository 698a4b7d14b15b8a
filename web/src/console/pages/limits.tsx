import { PageHead } from "../../ui/page.tsx";

export function LimitsPage() {
  return <PageHead title="Rate limits" />;
}
