import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link, useSearchParams } from "wouter";
import { api, authorisedSend, ok } from "../../shared/api/client.ts";
import { errorOf } from "../../shared/api/error.ts";
import type { OrderStatus } from "../../shared/api/types.ts";
import { formatCount, formatDateTime, formatMoney } from "../../shared/format.ts";
import { ORDER_STATUSES, OrderBadge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Card, Empty, Skeleton, Table } from "../../ui/surface.tsx";
import css from "../console.module.css";
import { fromLocalField, More, toLocalField, Unread, useAct } from "../forms.tsx";

const FILTERS = ["q", "status", "product_id", "from", "to"] as const;

export function OrdersPage() {
  const [search, setSearch] = useSearchParams();
  const asked = Object.fromEntries(FILTERS.flatMap((name) => (search.get(name) ? [[name, search.get(name)!]] : []))) as { q?: string; status?: OrderStatus; product_id?: string; from?: string; to?: string };
  const orders = useInfiniteQuery({
    queryKey: ["admin", "orders", asked],
    queryFn: ({ pageParam }) => ok(api.GET("/api/admin/orders", { params: { query: { ...asked, limit: 50, ...(pageParam === null ? {} : { cursor: pageParam }) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
  const products = useQuery({ queryKey: ["admin", "products"], queryFn: () => ok(api.GET("/api/admin/products")) });
  const names = new Map(products.data?.data.map((one) => [one.id, one.name]));
  const list = orders.data?.pages.flatMap((page) => page.data);

  const find = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const next = FILTERS.flatMap((name) => {
      const text = String(form.get(name) ?? "").trim();
      const value = name === "from" || name === "to" ? fromLocalField(text) : text;
      return value ? [[name, value] as [string, string]] : [];
    });
    setSearch(Object.fromEntries(next));
  };

  return (
    <>
      <PageHead title="Orders" actions={<Export asked={asked} />} />
      <div className="stack">
        <Card>
          {/* Its fields begin again when the address says something else. */}
          <form key={search.toString()} className={css["filters"]} role="search" onSubmit={find}>
            <TextField label="Search" name="q" type="search" placeholder="Order, buyer or e-mail" defaultValue={asked.q ?? ""} />
            <SelectField label="Status" name="status" defaultValue={asked.status ?? ""}>
              <option value="">Any</option>
              {Object.entries(ORDER_STATUSES).map(([status, { word }]) => (
                <option key={status} value={status}>
                  {word}
                </option>
              ))}
            </SelectField>
            <SelectField key={names.size} label="Product" name="product_id" defaultValue={asked.product_id ?? ""}>
              <option value="">Any</option>
              {[...names].map(([id, name]) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </SelectField>
            <TextField label="From" name="from" type="datetime-local" defaultValue={toLocalField(asked.from)} />
            <TextField label="To" name="to" type="datetime-local" defaultValue={toLocalField(asked.to)} />
            <Button type="submit" variant="primary">
              Find
            </Button>
          </form>
        </Card>
        {orders.isError && <Unread error={orders.error} again={() => void orders.refetch()} />}
        {orders.isPending && <Skeleton height="16rem" />}
        {list?.length === 0 && <Empty title="No such orders">{search.size > 0 ? <Link href="/admin/orders">Show all</Link> : "The first one will stand here."}</Empty>}
        {list !== undefined && list.length > 0 && (
          <Table label="Orders">
            <thead>
              <tr>
                <th>Order</th>
                <th>Accepted</th>
                <th>Product</th>
                <th className="number">Units</th>
                <th className="number">Total</th>
                <th>Status</th>
                <th>Buyer</th>
              </tr>
            </thead>
            <tbody>
              {list.map((order) => (
                <tr key={order.id}>
                  <td>
                    <Link href={`/admin/orders/${order.id}`} className="mono">
                      {order.id}
                    </Link>
                  </td>
                  <td>{formatDateTime(order.created_at)}</td>
                  <td>{names.get(order.product_id) ?? order.product_id}</td>
                  <td className="number">{formatCount(order.quantity)}</td>
                  <td className="number">{formatMoney(order.total_minor, order.currency)}</td>
                  <td>
                    <OrderBadge status={order.status} />
                  </td>
                  <td className="mono">{order.buyer_id}</td>
                </tr>
              ))}
            </tbody>
          </Table>
        )}
        <More shown={orders.hasNextPage} busy={orders.isFetchingNextPage} onMore={() => void orders.fetchNextPage()} />
      </div>
    </>
  );
}

/** Asked with the token, which a link could not send; then handed to the browser as a file. */
function Export({ asked }: { asked: Record<string, string> }) {
  const { act, busy } = useAct();
  const [href] = useState(() => new URL("/api/admin/orders.csv", location.origin));
  const save = () =>
    act(
      async () => {
        href.search = new URLSearchParams(asked).toString();
        const answer = await authorisedSend(new Request(href));
        if (!answer.ok) throw await errorOf(answer, Date.now());
        const file = URL.createObjectURL(await answer.blob());
        const link = document.createElement("a");
        link.href = file;
        link.download = "orders.csv";
        link.click();
        setTimeout(() => URL.revokeObjectURL(file), 60_000);
        return answer.headers.has("X-Next-Cursor");
      },
      (isCut) => (isCut ? "Exported the first 1,000,000 orders; narrow the search for the rest" : "Exported"),
    ).catch(() => undefined);
  return (
    <Button busy={busy} onClick={() => void save()}>
      Export CSV
    </Button>
  );
}
