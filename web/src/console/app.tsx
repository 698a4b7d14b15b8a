// The console's pages and what stands around them. Each page is a file of its own, loaded when it is opened.
import { Activity, Boxes, Gauge, History, LineChart, ListOrdered, type LucideIcon, ReceiptText, Webhook } from "lucide-react";
import { lazy, useEffect } from "react";
import { Link, Route, Switch } from "wouter";
import { session } from "../shared/api/session.ts";
import { useSession } from "../shared/api/use-session.ts";
import { Button } from "../ui/button.tsx";
import { Main, NotFound, SkipLink, ThemeChoice, Wordmark } from "../ui/page.tsx";
import { Empty } from "../ui/surface.tsx";
import { ToastProvider } from "../ui/toast.tsx";
import "./app.css";

const Monitor = lazy(() => import("./pages/monitor.tsx").then((page) => ({ default: page.MonitorPage })));
const Products = lazy(() => import("./pages/products.tsx").then((page) => ({ default: page.ProductsPage })));
const Orders = lazy(() => import("./pages/orders.tsx").then((page) => ({ default: page.OrdersPage })));
const Order = lazy(() => import("./pages/order.tsx").then((page) => ({ default: page.OrderPage })));
const Queue = lazy(() => import("./pages/queue.tsx").then((page) => ({ default: page.QueuePage })));
const Limits = lazy(() => import("./pages/limits.tsx").then((page) => ({ default: page.LimitsPage })));
const Audit = lazy(() => import("./pages/audit.tsx").then((page) => ({ default: page.AuditPage })));
const Webhooks = lazy(() => import("./pages/webhooks.tsx").then((page) => ({ default: page.WebhooksPage })));
const Rehearsals = lazy(() => import("./pages/rehearsals.tsx").then((page) => ({ default: page.RehearsalsPage })));

const PLACES: [href: string, label: string, icon: LucideIcon][] = [
  ["/admin", "Monitor", Activity],
  ["/admin/products", "Products", Boxes],
  ["/admin/orders", "Orders", ReceiptText],
  ["/admin/queue", "Queue", ListOrdered],
  ["/admin/limits", "Limits", Gauge],
  ["/admin/webhooks", "Webhooks", Webhook],
  ["/admin/audit", "Audit", History],
  ["/admin/rehearsals", "Rehearsals", LineChart],
];

export function Console() {
  return (
    <ToastProvider>
      <div className="desk">
        <SkipLink />
        <header className="desk-side">
          <Wordmark href="/admin" note="Console" />
          <nav aria-label="Console" className="desk-nav">
            {PLACES.map(([href, label, Icon]) => (
              <Link key={href} href={href} className={(isActive) => (isActive ? "desk-link is-active" : "desk-link")}>
                <Icon aria-hidden="true" />
                {label}
              </Link>
            ))}
          </nav>
          <Who />
        </header>
        <Main>
          <OnlyAdmins />
        </Main>
      </div>
    </ToastProvider>
  );
}

function OnlyAdmins() {
  const state = useSession();
  const isGuest = state.kind === "guest";
  useEffect(() => {
    if (isGuest) location.replace(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }, [isGuest]);
  if (state.kind !== "member") return null;
  if (state.user.role !== "admin")
    return (
      <Empty whole title="This is for administrators">
        <p>You are logged in as {state.user.email}.</p>
        <Button onClick={() => void session.logout()}>Log in as somebody else</Button>
      </Empty>
    );
  return (
    <Switch>
      <Route path="/admin" component={Monitor} />
      <Route path="/admin/products" component={Products} />
      <Route path="/admin/orders" component={Orders} />
      <Route path="/admin/orders/:id">{({ id }) => <Order key={id} id={id} />}</Route>
      <Route path="/admin/queue" component={Queue} />
      <Route path="/admin/limits" component={Limits} />
      <Route path="/admin/webhooks" component={Webhooks} />
      <Route path="/admin/audit" component={Audit} />
      <Route path="/admin/rehearsals" component={Rehearsals} />
      <Route>
        <NotFound home="/admin" />
      </Route>
    </Switch>
  );
}

function Who() {
  const state = useSession();
  return (
    <div className="desk-who">
      <ThemeChoice />
      {state.kind === "member" && (
        <>
          <p className="quiet small">{state.user.email}</p>
          <Button variant="quiet" size="s" onClick={() => void session.logout()}>
            Log out
          </Button>
        </>
      )}
    </div>
  );
}
