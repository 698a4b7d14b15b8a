import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, ok } from "../../shared/api/client.ts";
import type { Order } from "../../shared/api/types.ts";
import { formatCount, formatDateTime, formatMoney } from "../../shared/format.ts";
import { OrderBadge } from "../../ui/badge.tsx";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Empty, Notice, Skeleton } from "../../ui/surface.tsx";
import { useGoods } from "../goods.tsx";
import { MembersOnly } from "../members-only.tsx";
import { Picture } from "../picture.tsx";
import styles from "./orders.module.css";

export const OrdersPage = () => <MembersOnly title="Orders">{() => <Orders />}</MembersOnly>;

function Orders() {
  const orders = useInfiniteQuery({
    queryKey: ["orders"],
    queryFn: ({ pageParam }) => ok(api.GET("/api/orders", { params: { query: { limit: 20, ...(pageParam === null ? {} : { cursor: pageParam }) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: 5_000,
  });
  const rows = orders.data?.pages.flatMap((page) => page.data);
  return (
    <>
      <PageHead title="Orders" />
      <div className={styles["list"]}>
        {orders.isError && (
          <Notice tone="coming" title="The orders cannot be shown just now">
            They are safe. The page keeps trying.
          </Notice>
        )}
        {orders.isPending && [0, 1, 2].map((at) => <Skeleton key={at} height="5.625rem" />)}
        {rows?.length === 0 && (
          <Empty title="No orders yet">
            <p>What you buy is listed here, with every step on its way.</p>
            <ButtonLink href="/">See the sales</ButtonLink>
          </Empty>
        )}
        {rows !== undefined && rows.length > 0 && (
          <ul className={styles["list"]} aria-label="My orders">
            {rows.map((order) => (
              <li key={order.id}>
                <Row order={order} />
              </li>
            ))}
          </ul>
        )}
        {orders.hasNextPage && (
          <div className={styles["more"]}>
            <Button busy={orders.isFetchingNextPage} onClick={() => void orders.fetchNextPage()}>
              Show older orders
            </Button>
          </div>
        )}
      </div>
    </>
  );
}

function Row({ order }: { order: Order }) {
  const { name, picture } = useGoods(order.product_id);
  return (
    <article className={styles["order"]}>
      <Picture className={styles["picture"]} src={picture} size={64} />
      <div className={styles["words"]}>
        <Link className={styles["link"]} href={`/orders/${order.id}`}>
          {name}
        </Link>
        <p className="quiet small">
          {formatCount(order.quantity)} × {formatMoney(order.unit_price_minor, order.currency)} · {formatDateTime(order.created_at)}
        </p>
      </div>
      <div className={styles["state"]}>
        <span className={styles["total"]}>{formatMoney(order.total_minor, order.currency)}</span>
        <OrderBadge status={order.status} />
      </div>
    </article>
  );
}
