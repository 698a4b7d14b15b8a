import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, ok } from "../../shared/api/client.ts";
import { isApiError } from "../../shared/api/error.ts";
import type { AdminOrder, OrderStatus } from "../../shared/api/types.ts";
import { formatMoment, formatMoney } from "../../shared/format.ts";
import { OrderBadge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { NotFound, PageHead } from "../../ui/page.tsx";
import { Card, Skeleton } from "../../ui/surface.tsx";
import css from "../console.module.css";
import { Unread, useAct } from "../forms.tsx";
import { Steps } from "../steps.tsx";
import { sayCode } from "../words.ts";

export function OrderPage({ id }: { id: string }) {
  const path = { params: { path: { id } } };
  const order = useQuery({
    queryKey: ["admin", "order", id],
    queryFn: () => ok(api.GET("/api/admin/orders/{id}", path)),
    refetchInterval: (query) => (["pending", "processing"].includes(query.state.data?.data.status ?? "") ? 1_000 : false),
  });
  const steps = useQuery({ queryKey: ["admin", "steps", id], queryFn: () => ok(api.GET("/api/admin/queue/steps", { params: { query: { order_id: id } } })), refetchInterval: 5_000 });
  const [isAsking, setIsAsking] = useState(false);
  const { act } = useAct();
  const found = order.data?.data;
  if (isApiError(order.error) && order.error.status === 404) return <NotFound home="/admin/orders" />;
  return (
    <>
      <PageHead title="Order" actions={found?.status === "confirmed" && <Button variant="danger" onClick={() => setIsAsking(true)}>Refund</Button>}>
        <p className="mono quiet">{id}</p>
      </PageHead>
      {order.isError && <Unread error={order.error} again={() => void order.refetch()} />}
      {order.isPending && <Skeleton height="14rem" />}
      {found !== undefined && (
        <div className={css["charts"]}>
          <Facts order={found} />
          <Card className="stack" aria-label="History">
            <h2>History</h2>
            <ol className={css["steps"]}>
              {found.history.map((step, i) => (
                <li key={i}>
                  <span className="quiet">{step.at === undefined ? "" : formatMoment(step.at)}</span>
                  <OrderBadge status={step.status as OrderStatus} />
                </li>
              ))}
            </ol>
          </Card>
        </div>
      )}
      {steps.data !== undefined && steps.data.data.length > 0 && (
        <section className="stack" style={{ marginTop: "var(--s6)" }}>
          <h2>Fulfilment</h2>
          <Steps list={steps.data.data} ofOneOrder />
        </section>
      )}
      {found !== undefined && (
        <ConfirmDialog open={isAsking} onOpenChange={setIsAsking} title="Refund this order?" action="Refund order" danger onConfirm={async () => void (await act(() => ok(api.POST("/api/admin/orders/{id}/refund", path)), "Refunded"))}>
          {formatMoney(found.total_minor, found.currency)} go back to the buyer, and the units back into the sale. This cannot be undone.
        </ConfirmDialog>
      )}
    </>
  );
}

function Facts({ order }: { order: AdminOrder }) {
  return (
    <Card className="stack" aria-label="Facts">
      <div className="row apart">
        <h2>Facts</h2>
        <OrderBadge status={order.status} />
      </div>
      <dl className={css["facts"]}>
        <dt>Product</dt>
        <dd>{order.product_id}</dd>
        <dt>Units</dt>
        <dd>
          {order.quantity} at {formatMoney(order.unit_price_minor, order.currency)}
        </dd>
        <dt>Total</dt>
        <dd>{formatMoney(order.total_minor, order.currency)}</dd>
        <dt>Accepted</dt>
        <dd>{formatMoment(order.created_at)}</dd>
        <dt>Buyer</dt>
        <dd>
          <Link href={`/admin/orders?q=${order.buyer_id}`}>{order.buyer_id}</Link>
        </dd>
        <dt>Payment</dt>
        <dd>{order.payment_reference == null ? "not paid" : <span className="mono">{order.payment_reference}</span>}</dd>
        {order.status_reason != null && order.status_reason !== "" && (
          <>
            <dt>Reason</dt>
            <dd>{sayCode(order.status_reason)}</dd>
          </>
        )}
      </dl>
    </Card>
  );
}
