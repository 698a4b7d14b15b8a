// Every component of src/ui/ in its states, on one page, under the real content security policy. Not shipped:
// `npm run build:gallery` builds it, e2e/gallery.spec.ts looks at it.
import { useState } from "react";
import "../styles/index.css";
import { serverClock } from "../shared/time/server-clock.ts";
import { mount } from "../ui/app-root.tsx";
import { Badge, ORDER_STATUSES, OrderBadge, PRODUCT_STATES, ProductBadge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { type Line, Plot } from "../ui/plot.tsx";
import { Switch, Tabs } from "../ui/choice.tsx";
import { Countdown } from "../ui/countdown.tsx";
import { ConfirmDialog, Dialog } from "../ui/dialog.tsx";
import { SelectField, TextArea, TextField } from "../ui/field.tsx";
import { LivePill } from "../ui/live-pill.tsx";
import { PageHead, ThemeChoice } from "../ui/page.tsx";
import { Quantity } from "../ui/quantity.tsx";
import { StockBar } from "../ui/stock-bar.tsx";
import { Card, Empty, Notice, Skeleton, Table, Tile, Tiles } from "../ui/surface.tsx";
import { ToastProvider, useToast } from "../ui/toast.tsx";
import "./gallery.css";

const SECONDS = Array.from({ length: 120 }, (_, i) => 1_764_237_600 + i);
const WAVE = SECONDS.map((_, i) => 900 * Math.exp(-i / 45) * (1 + 0.15 * Math.sin(i / 3)));
const LINES: Line[] = [
  { label: "Sold out", colour: "series-1", fill: true, row: WAVE },
  { label: "Too fast", colour: "series-3", row: WAVE.map((value) => value * 0.4) },
];

function Controls() {
  const [count, setCount] = useState(1);
  const [isOn, setIsOn] = useState(true);
  return (
    <Card className="stack" aria-label="Controls">
      <div className="row">
        <Button variant="primary">Primary</Button>
        <Button>Secondary</Button>
        <Button variant="quiet">Quiet</Button>
        <Button variant="danger">Danger</Button>
        <Button disabled>Disabled</Button>
        <Button variant="primary" busy>
          Buying
        </Button>
        <Button size="s">Small</Button>
      </div>
      <div className="row">
        <Quantity label="Quantity" value={count} max={3} onChange={setCount} />
        <Button variant="primary" size="l">
          Buy for €79.00
        </Button>
      </div>
      <Switch label="Take orders" checked={isOn} onChange={setIsOn} />
      <TextField label="E-mail" name="email" type="email" placeholder="you@example.com" hint="For the invoice." />
      <TextField label="Price" name="price" defaultValue="79.0x" suffix="EUR" error="This is not an amount." />
      <SelectField label="Status" name="status">
        <option>Any</option>
        <option>Confirmed</option>
      </SelectField>
      <TextArea label="Reason" name="reason" />
    </Card>
  );
}

function Words() {
  return (
    <Card className="stack" aria-label="States">
      <div className="row">
        {(Object.keys(PRODUCT_STATES) as (keyof typeof PRODUCT_STATES)[]).map((state) => (
          <ProductBadge key={state} state={state} />
        ))}
      </div>
      <div className="row">
        {(Object.keys(ORDER_STATUSES) as (keyof typeof ORDER_STATUSES)[]).map((status) => (
          <OrderBadge key={status} status={status} />
        ))}
        <Badge tone="refused">Refused</Badge>
      </div>
      <div className="row">
        {(["connecting", "live", "reconnecting", "ended", "asleep"] as const).map((state) => (
          <LivePill key={state} state={state} />
        ))}
      </div>
      <StockBar available={312} held={61} total={500} />
      <StockBar available={18} held={40} total={500} />
      <StockBar available={0} held={0} total={500} stale />
      <p>
        Starts in <Countdown to={serverClock.now() + 125_000} label="Starts in" />
      </p>
      <Notice title="Yours." tone="live" live="off" actions={<Button size="s">See the order</Button>}>
        One Aurora lamp is held for you.
      </Notice>
      <Notice title="Too fast" tone="coming" live="off">
        You can try again in 9 seconds.
      </Notice>
      <Notice title="Sold out" tone="over" live="off">
        All 500 are gone, and none can come back.
      </Notice>
      <Notice title="The payment was declined" tone="refused" live="off">
        Nothing was charged.
      </Notice>
    </Card>
  );
}

function Popups() {
  const [isOpen, setIsOpen] = useState(false);
  const [isAsking, setIsAsking] = useState(false);
  const [tab, setTab] = useState("one");
  const say = useToast();
  return (
    <Card className="stack" aria-label="Popups">
      <div className="row">
        <Button onClick={() => setIsOpen(true)}>Open dialog</Button>
        <Button onClick={() => setIsAsking(true)}>Ask</Button>
        <Button onClick={() => say("Sale paused", { tone: "coming", description: "Orders already taken go on." })}>Toast</Button>
      </div>
      <Dialog open={isOpen} onOpenChange={setIsOpen} title="Restock" description="A delta, never a total.">
        <TextField label="Units" name="delta" defaultValue="20" />
      </Dialog>
      <ConfirmDialog open={isAsking} onOpenChange={setIsAsking} title="Refund this order?" action="Refund order" danger onConfirm={() => say("Refunded", { tone: "live" })}>
        €79.00 go back to the buyer. This cannot be undone.
      </ConfirmDialog>
      <Tabs
        label="Parts"
        value={tab}
        onChange={setTab}
        items={[
          { value: "one", label: "Waiting", panel: <Empty title="Nothing waits">Orders appear here.</Empty> },
          { value: "two", label: "Dead letters", panel: <Skeleton height="6rem" /> },
        ]}
      />
    </Card>
  );
}

function Console() {
  return (
    <section className="stack" data-density="dense" aria-label="Console">
      <Tiles>
        <Tile label="Accepted" value="1,204" detail="86 per second" />
        <Tile label="p99" value="4.31 ms" detail="p50 1.02 ms" />
        <Tile label="Drift" value="0" tone="live" detail="orders and products agree" />
        <Tile label="Drift" value="3" tone="refused" detail="stop the sale" />
      </Tiles>
      <Card className="stack">
        <h2>Refused per second</h2>
        <Plot label="Refused per second" times={SECONDS} lines={LINES} sync="gallery" height={180} format={(value) => String(Math.round(value))} />
      </Card>
      <Table label="Orders">
        <thead>
          <tr>
            <th scope="col">Order</th>
            <th scope="col">Status</th>
            <th scope="col" className="number">
              Total
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <td className="mono">01M81KX58A55PEHDKE20H19Q57</td>
            <td>
              <OrderBadge status="confirmed" />
            </td>
            <td className="number">€79.00</td>
          </tr>
          <tr>
            <td className="mono">01M81KX58A55PEHDKE20H19Q58</td>
            <td>
              <OrderBadge status="failed" />
            </td>
            <td className="number">€158.00</td>
          </tr>
        </tbody>
      </Table>
    </section>
  );
}

mount(
  <ToastProvider>
    <main className="gallery">
      <PageHead title="Gallery" actions={<ThemeChoice />} />
      <div className="gallery-grid">
        <Controls />
        <Words />
        <div className="stack">
          <Popups />
          <Console />
        </div>
      </div>
    </main>
  </ToastProvider>,
);
