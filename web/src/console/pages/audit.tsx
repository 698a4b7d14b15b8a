import { PageHead } from "../../ui/page.tsx";

export function AuditPage() {
  return <PageHead title="Audit" />;
}
