import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, ok } from "../../shared/api/client.ts";
import { formatDateTime, formatMoney } from "../../shared/format.ts";
import { OrderBadge } from "../../ui/badge.tsx";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Empty, Notice, Skeleton, Table } from "../../ui/surface.tsx";
import { MembersOnly } from "../members-only.tsx";

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
      {orders.isError && <Notice tone="coming" title="The orders cannot be shown just now">They are safe. The page keeps trying.</Notice>}
      {orders.isPending && <Skeleton height="12rem" />}
      {rows?.length === 0 && (
        <Empty title="No orders yet">
          <ButtonLink href="/">See the sales</ButtonLink>
        </Empty>
      )}
      {rows !== undefined && rows.length > 0 && (
        <Table label="My orders">
          <thead>
            <tr>
              <th>Ordered</th>
              <th>Product</th>
              <th>Status</th>
              <th className="number">Quantity</th>
              <th className="number">Total</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((order) => (
              <tr key={order.id}>
                <td>
                  <Link className="order-link" href={`/orders/${order.id}`}>
                    {formatDateTime(order.created_at)}
                  </Link>
                </td>
                <td>{order.product_id}</td>
                <td>
                  <OrderBadge status={order.status} />
                </td>
                <td className="number">{order.quantity}</td>
                <td className="number">{formatMoney(order.total_minor, order.currency)}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      {orders.hasNextPage && (
        <Button busy={orders.isFetchingNextPage} onClick={() => void orders.fetchNextPage()}>
          Show older orders
        </Button>
      )}
    </>
  );
}
