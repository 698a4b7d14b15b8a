// Orders whose fulfilment gave up: try again or give them up, one by one or many.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, ok } from "../shared/api/client.ts";
import { formatDateTime } from "../shared/format.ts";
import { Button } from "../ui/button.tsx";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { SelectField, TextField } from "../ui/field.tsx";
import { Empty, Skeleton, Table } from "../ui/surface.tsx";
import css from "./console.module.css";
import { More, Unread, useAct } from "./forms.tsx";
import { STAGES } from "./words.ts";

type Step = "payment" | "confirm" | "invoice" | "mail";
type Deed = "retry" | "discard";
interface Question {
  deed: Deed;
  /** null: all that match the filter. */
  ids: string[] | null;
}

export function DeadLetters() {
  const [step, setStep] = useState<Step | "">("");
  const [product, setProduct] = useState("");
  const [reason, setReason] = useState("");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [question, setQuestion] = useState<Question | null>(null);
  const { act } = useAct();
  const products = useQuery({ queryKey: ["admin", "products"], queryFn: () => ok(api.GET("/api/admin/products")) });
  const filter = { ...(step === "" ? {} : { step }), ...(product === "" ? {} : { product_id: product }), ...(reason.trim() === "" ? {} : { reason: reason.trim() }) };
  const dead = useInfiniteQuery({
    queryKey: ["admin", "dead", filter],
    queryFn: ({ pageParam }) => ok(api.GET("/api/admin/queue/dead", { params: { query: { ...filter, limit: 100, ...(pageParam === null ? {} : { cursor: pageParam }) } } })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: 5_000,
  });
  const list = dead.data?.pages.flatMap((page) => page.data) ?? [];
  const picked = list.filter((one) => chosen.has(one.order_id)).map((one) => one.order_id);

  const carryOut = async ({ deed, ids }: Question) => {
    const body = ids === null ? { all: true as const, ...filter } : { order_ids: ids };
    await act(
      () => ok(deed === "retry" ? api.POST("/api/admin/queue/dead/retry", { body }) : api.POST("/api/admin/queue/dead/discard", { body })),
      ({ data }) => {
        const refused = data.results.find((one) => one.outcome !== "done");
        return [`${data.done} ${deed === "retry" ? "to be tried again" : "discarded"}`, data.failed > 0 && `${data.failed} refused: ${refused?.detail ?? ""}`, data.remaining > 0 && `${data.remaining} more match`].filter(Boolean).join("; ");
      },
    );
    setChosen(new Set());
  };
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };

  return (
    <section className="stack">
      <h2>Dead letters</h2>
      <div className="row apart">
        <div className="row">
          <SelectField label="Step" bare value={step} onChange={(event) => setStep(event.currentTarget.value as Step | "")}>
            <option value="">Any step</option>
            {Object.entries(STAGES).map(([name, word]) => (
              <option key={name} value={name}>
                {word}
              </option>
            ))}
          </SelectField>
          <SelectField label="Product" bare value={product} onChange={(event) => setProduct(event.currentTarget.value)}>
            <option value="">Any product</option>
            {products.data?.data.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </SelectField>
          <TextField label="Reason contains" bare type="search" placeholder="Reason contains" value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        </div>
        <div className="row">
          <Button disabled={picked.length === 0} onClick={() => setQuestion({ deed: "retry", ids: picked })}>
            Retry {picked.length} chosen
          </Button>
          <Button disabled={picked.length === 0} onClick={() => setQuestion({ deed: "discard", ids: picked })}>
            Discard {picked.length} chosen
          </Button>
          <Button disabled={list.length === 0} onClick={() => setQuestion({ deed: "retry", ids: null })}>
            Retry all
          </Button>
          <Button variant="danger" disabled={list.length === 0} onClick={() => setQuestion({ deed: "discard", ids: null })}>
            Discard all
          </Button>
        </div>
      </div>
      {dead.isError && <Unread error={dead.error} again={() => void dead.refetch()} />}
      {dead.isPending && <Skeleton height="6rem" />}
      {dead.isSuccess && list.length === 0 && (Object.keys(filter).length > 0 ? <Empty title="No dead letters match" /> : <Empty title="No dead letters">Every order finds its way.</Empty>)}
      {list.length > 0 && (
        <Table label="Dead letters">
          <thead>
            <tr>
              <th>
                <input type="checkbox" className={css["check"]} aria-label="Choose all shown" checked={picked.length === list.length} onChange={() => setChosen(picked.length === list.length ? new Set() : new Set(list.map((one) => one.order_id)))} />
              </th>
              <th>Order</th>
              <th>Step</th>
              <th>Reason</th>
              <th className="number">Attempts</th>
              <th>Since</th>
              <th>
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list.map((one) => (
              <tr key={one.order_id}>
                <td>
                  <input type="checkbox" className={css["check"]} aria-label={`Choose ${one.order_id}`} checked={chosen.has(one.order_id)} onChange={() => toggle(one.order_id)} />
                </td>
                <td>
                  <Link href={`/admin/orders/${one.order_id}`} className="mono">
                    {one.order_id}
                  </Link>
                  <span className={css["sub"]}>
                    {one.quantity} × {one.product_id}
                  </span>
                </td>
                <td>{STAGES[one.step]}</td>
                <td className={css["wrap"]}>{one.reason}</td>
                <td className="number">{one.attempts}</td>
                <td>{formatDateTime(one.since)}</td>
                <td>
                  <div className="row" style={{ flexWrap: "nowrap" }}>
                    <Button size="s" aria-label={`Retry ${one.order_id}`} onClick={() => void carryOut({ deed: "retry", ids: [one.order_id] }).catch(() => undefined)}>
                      Retry
                    </Button>
                    <Button size="s" variant="quiet" aria-label={`Discard ${one.order_id}`} onClick={() => setQuestion({ deed: "discard", ids: [one.order_id] })}>
                      Discard
                    </Button>
                  </div>
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      <More shown={dead.hasNextPage} busy={dead.isFetchingNextPage} onMore={() => void dead.fetchNextPage()} />
      <ConfirmDialog
        open={question !== null}
        onOpenChange={() => setQuestion(null)}
        title={question === null ? "" : `${question.deed === "retry" ? "Retry" : "Discard"} ${question.ids === null ? "all that match" : question.ids.length === 1 ? "one order" : `${question.ids.length} orders`}?`}
        action={question?.deed === "retry" ? "Retry" : "Discard"}
        danger={question?.deed === "discard"}
        onConfirm={() => (question === null ? undefined : carryOut(question))}
      >
        {question?.deed === "retry" ? "They go back into the queue and begin again at their step." : "Unpaid orders fail and their units go back into the sale; papers that were not sent never will be. This cannot be undone."}
        {question?.ids === null && " At most the oldest 1000 at once."}
      </ConfirmDialog>
    </section>
  );
}
