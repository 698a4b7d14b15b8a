import { PageHead } from "../../ui/page.tsx";

export function MonitorPage() {
  return <PageHead title="Sale monitor" />;
}
