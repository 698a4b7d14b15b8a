import { PageHead } from "../../ui/page.tsx";

export function ProductsPage() {
  return <PageHead title="Products" />;
}
