// Endpoints of other programs that are told of orders and stock: how far each is, what it did not take.
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok } from "../../shared/api/client.ts";
import type { components } from "../../shared/api/schema.ts";
import { formatCount, formatDateTime } from "../../shared/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog, Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/field.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Empty, Notice, Skeleton, Table } from "../../ui/surface.tsx";
import css from "../console.module.css";
import { NO_REFUSAL, RefusalNotice, refusalOf, Unread, useAct } from "../forms.tsx";

type Webhook = components["schemas"]["Webhook"];
type Open = { deed: "create" } | { deed: "deliveries" | "remove" | "rotate"; hook: Webhook } | null;

export function WebhooksPage() {
  const hooks = useQuery({ queryKey: ["admin", "webhooks"], queryFn: () => ok(api.GET("/api/admin/webhooks")), refetchInterval: 3_000 });
  const [open, setOpen] = useState<Open>(null);
  const [made, setMade] = useState<Webhook | null>(null);
  const { act } = useAct();
  const close = () => setOpen(null);
  const list = hooks.data?.data;
  const rotate = async (hook: Webhook) => {
    const { data } = await act(() => ok(api.POST("/api/admin/webhooks/{id}/rotate", { params: { path: { id: hook.id } }, body: { grace_seconds: 86_400 } })), "There is a new secret");
    setMade(data);
  };
  return (
    <>
      <PageHead
        title="Webhooks"
        actions={
          <Button variant="primary" onClick={() => setOpen({ deed: "create" })}>
            New webhook
          </Button>
        }
      >
        <p className="quiet">Programs that are told of orders and stock, signed, until they take it.</p>
      </PageHead>
      <div className="stack">
        {made?.secret !== undefined && (
          <Notice title="The secret is shown this once" actions={<Button onClick={() => setMade(null)}>I have it</Button>}>
            <p className="mono">{made.secret}</p>
            <p className="quiet small">For {made.url}. A secret before it signs too for a day.</p>
          </Notice>
        )}
        {hooks.isError && <Unread error={hooks.error} again={() => void hooks.refetch()} />}
        {hooks.isPending && <Skeleton height="10rem" />}
        {list?.length === 0 && <Empty title="Nobody is told yet">An endpoint is told of what happens from the moment it is made.</Empty>}
        {list !== undefined && list.length > 0 && (
          <Table label="Webhooks">
            <thead>
              <tr>
                <th>Endpoint</th>
                <th>State</th>
                <th className="number">Behind</th>
                <th className="number">To be tried again</th>
                <th className="number">Given up</th>
                <th>Last taken</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((hook) => (
                <Row key={hook.id} hook={hook} onOpen={(deed) => setOpen({ deed, hook })} />
              ))}
            </tbody>
          </Table>
        )}
      </div>
      <Dialog open={open?.deed === "create"} onOpenChange={close} title="New webhook">
        <WebhookForm
          onDone={(hook) => {
            setMade(hook);
            close();
          }}
        />
      </Dialog>
      <Dialog open={open?.deed === "deliveries"} onOpenChange={close} title="Deliveries">
        {open?.deed === "deliveries" && <Deliveries hook={open.hook} />}
      </Dialog>
      <ConfirmDialog open={open?.deed === "rotate"} onOpenChange={close} title="Make a new secret?" action="Make a new secret" onConfirm={() => (open?.deed === "rotate" ? rotate(open.hook) : undefined)}>
        Events are signed with both for a day, so the endpoint can change over meanwhile.
      </ConfirmDialog>
      <ConfirmDialog
        open={open?.deed === "remove"}
        onOpenChange={close}
        title="Remove this webhook?"
        action="Remove webhook"
        danger
        onConfirm={async () => {
          if (open?.deed !== "remove") return;
          await act(() => ok(api.DELETE("/api/admin/webhooks/{id}", { params: { path: { id: open.hook.id } } })), "Removed");
        }}
      >
        What {open?.deed === "remove" ? open.hook.url : "it"} was not told yet, it is never told.
      </ConfirmDialog>
    </>
  );
}

const TONES = { enabled: "live", failing: "coming", disabled: "refused" } as const;

function Row({ hook, onOpen }: { hook: Webhook; onOpen: (deed: "deliveries" | "remove" | "rotate") => void }) {
  const { act, busy } = useAct();
  const path = { params: { path: { id: hook.id } } };
  const turn = (enabled: boolean) => act(() => ok(api.PATCH("/api/admin/webhooks/{id}", { ...path, body: { enabled } })), enabled ? "It goes on where it stood" : "Disabled").catch(() => undefined);
  const test = () =>
    act(
      () => ok(api.POST("/api/admin/webhooks/{id}/test", path)),
      ({ data }) => (data.state === "delivered" ? `It took the test (${data.status})` : `It did not take the test: ${data.problem ?? ""}`),
    ).catch(() => undefined);
  const of = (word: string) => ({ "aria-label": `${word} ${hook.url}`, size: "s" as const });
  return (
    <tr>
      <td>
        <span className="mono">{hook.url}</span>
        <span className={css["sub"]}>{hook.from_configuration ? "by the configuration" : hook.events.length === 0 ? "everything" : hook.events.join(", ")}</span>
      </td>
      <td>
        <Badge tone={TONES[hook.state]}>{hook.state}</Badge>
        {(hook.disabled_reason ?? hook.problem) !== null && <span className={css["sub"]}>{hook.disabled_reason ?? hook.problem}</span>}
      </td>
      <td className="number">{formatCount(hook.behind)}</td>
      <td className="number">{formatCount(hook.waiting)}</td>
      <td className="number">{formatCount(hook.dead)}</td>
      <td>{hook.last_delivered_at === null ? "–" : formatDateTime(hook.last_delivered_at)}</td>
      <td>
        <div className="row">
          <Button {...of("Deliveries of")} onClick={() => onOpen("deliveries")}>
            Deliveries
          </Button>
          <Button {...of("Test")} busy={busy} onClick={() => void test()}>
            Test
          </Button>
          <Button {...of(hook.state === "disabled" ? "Enable" : "Disable")} busy={busy} onClick={() => void turn(hook.state === "disabled")}>
            {hook.state === "disabled" ? "Enable" : "Disable"}
          </Button>
          {!hook.from_configuration && (
            <>
              <Button {...of("New secret for")} onClick={() => onOpen("rotate")}>
                New secret
              </Button>
              <Button {...of("Remove")} onClick={() => onOpen("remove")}>
                Remove
              </Button>
            </>
          )}
        </div>
      </td>
    </tr>
  );
}

function WebhookForm({ onDone }: { onDone: (hook: Webhook) => void }) {
  const { act, busy } = useAct();
  const [refusal, setRefusal] = useState(NO_REFUSAL);
  const create = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const events = String(form.get("events")).split(/[\s,]+/).filter(Boolean);
    try {
      const { data } = await act(() => ok(api.POST("/api/admin/webhooks", { body: { url: String(form.get("url")).trim(), events } })), "It is told from now on", true);
      onDone(data);
    } catch (error) {
      setRefusal(refusalOf(error, ["url", "events"]));
    }
  };
  return (
    <form className="stack" noValidate onSubmit={(event) => void create(event)}>
      <TextField label="Address" name="url" type="url" placeholder="https://shop.example/hooks" required error={refusal.fields["url"]} />
      <TextField label="Events" name="events" hint="order.*, stock.changed, product.*; nothing: all" error={refusal.fields["events"]} />
      <RefusalNotice of={refusal} />
      <Button type="submit" variant="primary" busy={busy}>
        Create webhook
      </Button>
    </form>
  );
}

function Deliveries({ hook }: { hook: Webhook }) {
  const { act, busy } = useAct();
  const path = { path: { id: hook.id } };
  const deliveries = useQuery({ queryKey: ["admin", "webhooks", hook.id], queryFn: () => ok(api.GET("/api/admin/webhooks/{id}/deliveries", { params: { ...path, query: { limit: 100 } } })), refetchInterval: 3_000 });
  const list = deliveries.data?.data;
  const retry = () => act(() => ok(api.POST("/api/admin/webhooks/{id}/deliveries/retry", { params: path, body: {} })), ({ data }) => `${data.retried} to be tried again`).catch(() => undefined);
  return (
    <div className="stack">
      <div className="row apart">
        <p className="quiet small">{hook.url}</p>
        <Button busy={busy} disabled={hook.dead === 0} onClick={() => void retry()}>
          Retry all that were given up
        </Button>
      </div>
      {deliveries.isError && <Unread error={deliveries.error} again={() => void deliveries.refetch()} />}
      {deliveries.isPending && <Skeleton height="8rem" />}
      {list?.length === 0 && <Empty title="Nothing yet" />}
      {list !== undefined && list.length > 0 && (
        <Table label="Deliveries">
          <thead>
            <tr>
              <th>Event</th>
              <th>State</th>
              <th className="number">Tries</th>
              <th>Last try</th>
              <th>Answer</th>
            </tr>
          </thead>
          <tbody>
            {list.map((one) => (
              <tr key={one.id + one.state}>
                <td>
                  {one.type}
                  <span className={`${css["sub"]} mono`}>{one.id}</span>
                </td>
                <td>{one.state === "dead" ? "given up" : one.state}</td>
                <td className="number">{one.attempts}</td>
                <td>{one.last_attempt_at === null ? "–" : formatDateTime(one.last_attempt_at)}</td>
                <td>{one.problem ?? one.status ?? "–"}</td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </div>
  );
}
