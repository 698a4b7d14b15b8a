import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation, useSearchParams } from "wouter";
import { isApiError } from "../../shared/api/error.ts";
import type { Product, StockEvent } from "../../shared/api/types.ts";
import { useSession } from "../../shared/api/use-session.ts";
import { formatMoney } from "../../shared/format.ts";
import { useStream } from "../../shared/live/use-stream.ts";
import { useDue } from "../../shared/time/use-due.ts";
import { useNow } from "../../shared/time/use-now.ts";
import { ProductBadge } from "../../ui/badge.tsx";
import { Button, ButtonLink } from "../../ui/button.tsx";
import { Countdown } from "../../ui/countdown.tsx";
import { LivePill } from "../../ui/live-pill.tsx";
import { NotFound, PageHead, useTitle } from "../../ui/page.tsx";
import { Quantity } from "../../ui/quantity.tsx";
import { StockBar } from "../../ui/stock-bar.tsx";
import { Notice, Skeleton } from "../../ui/surface.tsx";
import { useProduct } from "../goods.tsx";
import { nextMoment } from "../moments.ts";
import { Picture } from "../picture.tsx";
import { Price } from "../price.tsx";
import { tellRefusal, tellWait } from "../refusal.ts";
import { SaleClock } from "../sale-clock.tsx";
import { type BuyState, useBuy } from "../use-buy.ts";
import styles from "./product.module.css";

const QUANTITY_MAX = 10;

export function ProductPage({ id }: { id: string }) {
  const product = useProduct(id);
  if (product.data) return <Offer product={product.data.data} reload={() => void product.refetch()} />;
  if (isApiError(product.error) && [404, 422].includes(product.error.status)) return <NotFound home="/" />;
  return (
    <>
      <PageHead title="Sale" />
      {product.isError ? (
        <Notice tone="coming" title="This sale cannot be shown just now" actions={<Button onClick={() => void product.refetch()}>Try again</Button>} />
      ) : (
        <Skeleton height="28rem" />
      )}
    </>
  );
}

function Offer({ product, reload }: { product: Product; reload: () => void }) {
  useTitle(product.name);
  const client = useQueryClient();
  const { state: live } = useStream(`/api/products/${product.id}/events`, (name, data) => {
    if (name !== "stock") return;
    client.setQueryData<{ status: "success"; data: Product }>(["product", product.id], (old) => old && { ...old, data: { ...old.data, ...(data as StockEvent) } });
  });
  const next = nextMoment(product);
  const isDue = useDue(next?.at ?? null, reload);
  return (
    <article className={styles["offer"]}>
      <Picture className={styles["picture"]} src={product.image_url} eager />
      <div className={styles["panel"]}>
        <div className="row">
          <ProductBadge state={product.state} />
          <LivePill state={live} />
        </div>
        <h1 className={styles["name"]}>{product.name}</h1>
        {product.description && <p className="quiet">{product.description}</p>}
        <Price product={product} large />
        <StockBar available={product.available} held={product.held} total={product.total} stale={live !== "live"} />
        <SaleClock product={product} className={styles["clock"]} />
        <Buy product={product} hasOpened={isDue && next?.opens === true} />
      </div>
    </article>
  );
}

/** `hasOpened`: the clock says so, though the server has not said it yet. */
function Buy({ product, hasOpened }: { product: Product; hasOpened: boolean }) {
  const session = useSession();
  const [, navigate] = useLocation();
  const [search] = useSearchParams();
  const cap = Math.min(product.per_user_limit ?? QUANTITY_MAX, QUANTITY_MAX);
  const [wanted, setWanted] = useState(() => Math.min(cap, Math.max(1, Number.parseInt(search.get("q") ?? "1", 10) || 1)));
  const { state, open, buy } = useBuy(session.kind === "member" ? session.user.id : null, product.id);
  const quantity = open?.quantity ?? wanted;
  const now = useNow();
  useEffect(() => {
    if (state.kind === "bought") navigate(`/orders/${state.orderId}`);
  }, [state, navigate]);

  const isOpen = (product.state === "live" || hasOpened) && product.available > 0;
  const isBusy = ["sending", "waiting", "looking", "bought"].includes(state.kind);
  const mustWait = state.kind === "refused" && state.until !== null && state.until > now;
  const click = () => {
    if (session.kind === "guest") navigate(`/login?next=${encodeURIComponent(`/p/${product.id}?q=${quantity}`)}`);
    else void buy(quantity);
  };
  return (
    <div className="stack">
      <div className={styles["buy"]}>
        {(cap > 1 || quantity > 1) && <Quantity label="Quantity" value={quantity} max={Math.max(cap, quantity)} disabled={isBusy || !isOpen || open !== null} onChange={setWanted} />}
        <Button variant="primary" size="l" className={styles["button"]} busy={isBusy || session.kind === "unknown"} disabled={!isOpen || mustWait} onClick={click}>
          {isOpen ? `Buy for ${formatMoney(product.sale_price_minor * quantity, product.currency)}` : closedWord(product)}
        </Button>
      </div>
      {open !== null && !isBusy && (
        <p className="quiet small">
          Your click for {quantity} has no answer yet. Until it has one the quantity stays, so that nothing is bought twice.
        </p>
      )}
      {product.per_user_limit != null && <p className="quiet small">At most {product.per_user_limit} for each buyer.</p>}
      <Outcome state={state} product={product} now={now} />
    </div>
  );
}

function closedWord({ state, held }: Product): string {
  if (state === "scheduled") return "Not started yet";
  if (state === "paused") return "Paused";
  if (state === "ended") return "Over";
  return held > 0 ? "Sold out for now" : "Sold out";
}

function Outcome({ state, product, now }: { state: BuyState; product: Product; now: number }) {
  if (state.kind === "looking") return <Notice title="Finding out what became of your buy" />;
  if (state.kind === "unsent") return <Notice tone="coming" title="Your last click has not arrived so far">Buy again: it is the same buy and can only count once.</Notice>;
  if (state.kind === "waiting")
    return (
      <Notice tone="coming" title={tellWait(state.error)}>
        Trying again in <Countdown to={state.until} label="Trying again in" />. Your buy can only count once; you may stay or reload.
      </Notice>
    );
  if (state.kind === "refused") {
    const told = tellRefusal(state.error, product);
    return (
      <Notice tone={told.tone} title={told.title} live="assertive" actions={told.to && <ButtonLink href={told.to.href}>{told.to.label}</ButtonLink>}>
        {told.text}{" "}
        {state.until !== null && (state.until > now ? <>You can try again in <Countdown to={state.until} label="You can try again in" />.</> : "You can try again now.")}
      </Notice>
    );
  }
  if (product.state === "sold_out" || (product.state === "live" && product.available === 0))
    return product.held > 0 ? (
      <Notice tone="coming" title="Sold out for now">Some are being paid for and may come back. Stay on this page: the button opens by itself.</Notice>
    ) : (
      <Notice tone="over" title="Sold out" actions={<ButtonLink href="/">See other sales</ButtonLink>}>Every unit is sold.</Notice>
    );
  if (product.state === "paused") return <Notice tone="coming" title="The sale is paused">This page goes on by itself when the sale does.</Notice>;
  return null;
}
