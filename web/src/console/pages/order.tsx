import { PageHead } from "../../ui/page.tsx";

export function OrderPage({ id }: { id: string }) {
  return <PageHead title={`Order ${id}`} />;
}
