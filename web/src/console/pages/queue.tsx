import { PageHead } from "../../ui/page.tsx";

export function QueuePage() {
  return <PageHead title="Queue and workers" />;
}
