import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, ok } from "../../shared/api/client.ts";
import { ProductBadge } from "../../ui/badge.tsx";
import { PageHead } from "../../ui/page.tsx";

export function Home() {
  const products = useQuery({ queryKey: ["products"], queryFn: () => ok(api.GET("/api/products")) });
  return (
    <>
      <PageHead title="Sales" />
      <ul className="stack">
        {products.data?.data.map((product) => (
          <li key={product.id} className="row">
            <Link href={`/p/${product.id}`}>{product.name}</Link>
            <ProductBadge state={product.state} />
          </li>
        ))}
      </ul>
    </>
  );
}
