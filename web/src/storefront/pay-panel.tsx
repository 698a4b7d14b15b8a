// Where buyers pay by themselves: until when, and with a pretended provider the button that does it.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "../shared/api/client.ts";
import { isApiError } from "../shared/api/error.ts";
import type { Order } from "../shared/api/types.ts";
import { formatMoney } from "../shared/format.ts";
import { Button } from "../ui/button.tsx";
import { Countdown } from "../ui/countdown.tsx";
import { Notice } from "../ui/surface.tsx";

/** Nothing, where the shop charges by itself or the payment has been decided. */
export function PayPanel({ order, reload }: { order: Order; reload: () => Promise<unknown> }) {
  const path = { path: { id: order.id } };
  const payment = useQuery({ queryKey: ["payment", order.id, order.status], queryFn: () => ok(api.GET("/api/orders/{id}/payment", { params: path })) });
  const [problem, setProblem] = useState<string | null>(null);
  const [isPaying, setIsPaying] = useState(false);
  const state = payment.data?.data;
  if (state?.mode !== "buyer" || state.pay_by === null) return null;
  const pay = async () => {
    setProblem(null);
    setIsPaying(true);
    try {
      await ok(api.POST("/api/orders/{id}/payment", { params: path }));
      await ok(api.POST("/api/orders/{id}/payment/pretend", { params: path }));
    } catch (error) {
      setProblem(isApiError(error) ? error.message : "Something went wrong.");
    }
    await reload();
    setIsPaying(false);
  };
  const amount = formatMoney(state.amount_minor, state.currency);
  return (
    <>
      <Notice
        tone="coming"
        title={`Pay ${amount} to keep your units`}
        live="off"
        actions={
          state.pretended ? (
            <Button variant="primary" busy={isPaying} onClick={() => void pay()}>
              Pay now
            </Button>
          ) : undefined
        }
      >
        <p>
          <span aria-hidden="true">Time left </span>
          <Countdown to={state.pay_by} label="Time left to pay" />. After that the units go back to the sale, and nothing is charged.
          {state.pretended && " This shop is a trial: no money is taken."}
        </p>
      </Notice>
      {problem !== null && <Notice tone="refused" title={problem} live="assertive" />}
    </>
  );
}
