import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect, useState } from "react";
import { Link } from "wouter";
import { api, authorisedSend, ok } from "../../shared/api/client.ts";
import { errorOf, isApiError } from "../../shared/api/error.ts";
import type { Order, OrderStatus } from "../../shared/api/types.ts";
import { formatCount, formatMoney, formatTime } from "../../shared/format.ts";
import { useStream } from "../../shared/live/use-stream.ts";
import { OrderBadge, ORDER_STATUSES } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { later } from "../../ui/later.tsx";
import { LivePill } from "../../ui/live-pill.tsx";
import { NotFound, PageHead } from "../../ui/page.tsx";
import { Card, Notice, Skeleton } from "../../ui/surface.tsx";
import { useGoods } from "../goods.tsx";
import { MembersOnly } from "../members-only.tsx";
import { PayPanel } from "../pay-panel.tsx";
import { Picture } from "../picture.tsx";
import styles from "./order.module.css";

/** What comes now, in a sentence. */
const NEXT: Record<OrderStatus, string> = {
  pending: "Your units are set aside. Payment is next; until it begins you can cancel.",
  processing: "The payment is under way.",
  confirmed: "Paid. The invoice is ready.",
  failed: "Nothing was charged.",
  expired: "It was not paid in time. Nothing was charged.",
  cancelled: "The units are back in the sale. Nothing was charged.",
  refunded: "The money is on its way back.",
};
const WAY: OrderStatus[] = ["pending", "processing", "confirmed"];

const ConfirmDialog = later(() => import("../../ui/dialog.tsx").then((part) => part.ConfirmDialog));

export const OrderPage = ({ id }: { id: string }) => <MembersOnly title="Order">{() => <Loaded id={id} />}</MembersOnly>;

function Loaded({ id }: { id: string }) {
  const order = useQuery({ queryKey: ["order", id], queryFn: () => ok(api.GET("/api/orders/{id}", { params: { path: { id } } })) });
  const status = order.data?.data.status;
  const isMoving = status === "pending" || status === "processing";
  const { state } = useStream(isMoving ? `/api/orders/${id}/events` : null, () => void order.refetch());
  if (isApiError(order.error) && [404, 422].includes(order.error.status)) return <NotFound home="/orders" />;
  if (!order.data) return (
    <>
      <PageHead title="Order" />
      {order.isError ? <Notice tone="coming" title="The order cannot be shown just now" actions={<Button onClick={() => void order.refetch()}>Try again</Button>}>It is safe.</Notice> : <Skeleton height="16rem" />}
    </>
  );
  return <Shown order={order.data.data} pill={isMoving && <LivePill state={state} />} reload={() => order.refetch()} />;
}

function Shown({ order, pill, reload }: { order: Order; pill: React.ReactNode; reload: () => Promise<unknown> }) {
  const [asks, setAsks] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const mayCancel = order.status === "pending";
  const [couldCancel] = useState(mayCancel); // so that the dialog can close in peace when its deed is done
  useEffect(() => {
    if (mayCancel) void ConfirmDialog.preload();
  }, [mayCancel]);
  const tell = (error: unknown) => setProblem(isApiError(error) ? error.message : "Something went wrong.");
  const cancel = async () => {
    setProblem(null);
    await ok(api.POST("/api/orders/{id}/cancel", { params: { path: { id: order.id } } })).catch(tell);
    await reload();
  };
  return (
    <>
      <PageHead title="Order" actions={pill}>
        <p className="quiet small mono">{order.id}</p>
      </PageHead>
      <Card className={styles["card"]}>
        <Goods order={order} />
        <p role="status" className="row">
          <OrderBadge status={order.status} />
          <span className="quiet">{order.status_reason || NEXT[order.status]}</span>
        </p>
        <ol className={styles["line"]} data-tone={ORDER_STATUSES[order.status].tone} aria-label="Timeline">
          {stepsOf(order).map(({ status, at }) => (
            <li key={status} className={styles["step"]} data-done={at !== undefined || undefined} aria-current={status === order.status ? "step" : undefined}>
              <span>{ORDER_STATUSES[status].word}</span>
              <span className={`quiet small ${styles["at"]}`}>{at === undefined ? "Not yet" : formatTime(at)}</span>
            </li>
          ))}
        </ol>
        {(mayCancel || order.status === "processing") && <PayPanel order={order} reload={reload} />}
        {problem !== null && <Notice tone="refused" title={problem} live="assertive" />}
        <div className="row" hidden={!mayCancel && order.status !== "confirmed"}>
          {mayCancel && <Button onClick={() => setAsks(true)}>Cancel order</Button>}
          {order.status === "confirmed" && <Button onClick={() => void download(order.id).catch(tell)}>Download invoice</Button>}
        </div>
      </Card>
      <Suspense>
        {couldCancel && (
          <ConfirmDialog open={asks} onOpenChange={setAsks} title="Cancel this order?" action="Cancel order" danger onConfirm={cancel}>
            The units go back to the sale at once. This cannot be undone.
          </ConfirmDialog>
        )}
      </Suspense>
    </>
  );
}

function Goods({ order }: { order: Order }) {
  const { name, picture } = useGoods(order.product_id);
  return (
    <div className={styles["goods"]}>
      <Picture className={styles["picture"]} src={picture} size={80} eager />
      <div className={styles["words"]}>
        <Link className={styles["name"]} href={`/p/${order.product_id}`}>
          {name}
        </Link>
        <p className="quiet small">
          {formatCount(order.quantity)} × {formatMoney(order.unit_price_minor, order.currency)}
        </p>
      </div>
      <strong className={styles["total"]}>{formatMoney(order.total_minor, order.currency)}</strong>
    </div>
  );
}

function stepsOf({ history, status }: Order): { status: OrderStatus; at: string | undefined }[] {
  const done = history.map((step) => ({ status: step.status as OrderStatus, at: step.at }));
  const ahead = WAY.includes(status) ? WAY.slice(WAY.indexOf(status) + 1) : [];
  return [...new Map([...done, ...ahead.map((next) => ({ status: next, at: undefined }))].map((step) => [step.status, step])).values()];
}

async function download(id: string): Promise<void> {
  const response = await authorisedSend(new Request(new URL(`/api/orders/${id}/invoice.pdf`, location.origin)));
  if (!response.ok) throw await errorOf(response, Date.now());
  const url = URL.createObjectURL(await response.blob());
  const link = Object.assign(document.createElement("a"), { href: url, download: `invoice-${id}.pdf` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
