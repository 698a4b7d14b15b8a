import { PageHead } from "../../ui/page.tsx";

export function ProductPage({ id }: { id: string }) {
  return <PageHead title={id} />;
}
