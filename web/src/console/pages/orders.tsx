import { PageHead } from "../../ui/page.tsx";

export function OrdersPage() {
  return <PageHead title="Orders" />;
}
