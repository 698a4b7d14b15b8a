import { PageHead } from "../../ui/page.tsx";

export function RehearsalsPage() {
  return <PageHead title="Rehearsals" />;
}
