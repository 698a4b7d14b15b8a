import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, ok } from "../../shared/api/client.ts";
import type { Product, ProductState } from "../../shared/api/types.ts";
import { formatCount } from "../../shared/format.ts";
import { useDue } from "../../shared/time/use-due.ts";
import { ProductBadge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { PageHead } from "../../ui/page.tsx";
import { StockBar } from "../../ui/stock-bar.tsx";
import { Empty, Notice, Skeleton } from "../../ui/surface.tsx";
import { firstMoment } from "../moments.ts";
import { Picture } from "../picture.tsx";
import { Price } from "../price.tsx";
import { SaleClock } from "../sale-clock.tsx";
import styles from "./home.module.css";

const SECTIONS: { title: string; states: ProductState[] }[] = [
  { title: "Live now", states: ["live", "paused"] },
  { title: "Coming", states: ["scheduled"] },
  { title: "Over", states: ["sold_out", "ended"] },
];
const POLL_MS = 5_000;

export function Home() {
  const products = useQuery({ queryKey: ["products"], queryFn: () => ok(api.GET("/api/products")), refetchInterval: POLL_MS });
  const all = products.data?.data;
  useDue(firstMoment(all ?? []), () => void products.refetch());
  return (
    <>
      <PageHead title="Sales">
        <p className="quiet">Few of each, at one price, until they are gone.</p>
      </PageHead>
      {products.isError && (
        <Notice tone="coming" title={all === undefined ? "The sales cannot be shown just now" : "These numbers are a little old"} actions={<Button onClick={() => void products.refetch()}>Try again</Button>}>
          The shop does not answer. The page keeps trying by itself.
        </Notice>
      )}
      {products.isPending && <Loading />}
      {all?.length === 0 && (
        <Empty title="No sale is planned yet">
          <p>The next one will be shown here, with its clock.</p>
        </Empty>
      )}
      {SECTIONS.map(({ title, states }) => (
        <Section key={title} title={title} products={all?.filter((product) => states.includes(product.state)) ?? []} />
      ))}
    </>
  );
}

function Section({ title, products }: { title: string; products: Product[] }) {
  if (products.length === 0) return null;
  return (
    <section className={styles["section"]} aria-label={title}>
      <h2>{title}</h2>
      <ul className={styles["grid"]} data-alone={(title === "Live now" && products.length === 1) || undefined}>
        {products.map((product, at) => (
          <li key={product.id}>
            <Offer product={product} eager={title === "Live now" && at < 3} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Offer({ product, eager }: { product: Product; eager: boolean }) {
  const isOver = product.state === "sold_out" || product.state === "ended";
  return (
    <article className={styles["offer"]} data-over={isOver || undefined}>
      <Picture className={styles["picture"]} src={product.image_url} eager={eager} />
      <div className={styles["words"]}>
        <div className="row apart">
          <ProductBadge state={product.state} />
          <SaleClock product={product} className={styles["clock"]} />
        </div>
        <h3>
          <Link className={styles["link"]} href={`/p/${product.id}`}>
            {product.name}
          </Link>
        </h3>
        <Price product={product} />
        {product.state === "scheduled" && <p className="quiet small">{formatCount(product.total)} in all</p>}
        {(product.state === "live" || product.state === "paused") && <StockBar available={product.available} held={product.held} total={product.total} />}
      </div>
    </article>
  );
}

const Loading = () => (
  <div className={styles["grid"]} role="status" aria-label="Loading">
    {[0, 1, 2].map((at) => (
      <Skeleton key={at} height="26rem" />
    ))}
  </div>
);
