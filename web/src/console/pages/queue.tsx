import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok } from "../../shared/api/client.ts";
import type { FinishedStep } from "../../shared/api/types.ts";
import { formatCount, formatCountdown } from "../../shared/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Empty, Notice, Skeleton, Table, Tile, Tiles } from "../../ui/surface.tsx";
import css from "../console.module.css";
import { DeadLetters } from "../dead-letters.tsx";
import { NO_REFUSAL, refusalOf, Unread, useAct } from "../forms.tsx";
import { STEP_RESULTS, Steps } from "../steps.tsx";
import { sayCode, STAGES } from "../words.ts";

export function QueuePage() {
  const queue = useQuery({ queryKey: ["admin", "queue"], queryFn: () => ok(api.GET("/api/admin/queue")), refetchInterval: 1_000 });
  const { act, busy } = useAct();
  const now = queue.data?.data;
  const turn = () => act(() => ok(now?.paused === true ? api.POST("/api/admin/queue/resume") : api.POST("/api/admin/queue/pause")), now?.paused === true ? "Queue resumed" : "Queue paused").catch(() => undefined);
  return (
    <>
      <PageHead
        title="Queue and workers"
        actions={
          <>
            {now?.paused === true && <Badge tone="coming">Paused</Badge>}
            <Button busy={busy} disabled={now === undefined} onClick={() => void turn()}>
              {now?.paused === true ? "Resume queue" : "Pause queue"}
            </Button>
          </>
        }
      />
      <div className="stack" style={{ gap: "var(--s6)" }}>
        {queue.isError && <Unread error={queue.error} again={() => void queue.refetch()} />}
        {now === undefined ? (
          <Skeleton height="12rem" />
        ) : (
          <>
            {now.away && (
              <Notice title="The queue cannot be reached" tone="refused">
                What is shown is what was seen last. Workers finish what they have; everything goes on by itself when Redis is back.
              </Notice>
            )}
            <Tiles>
              <Tile label="Waiting" value={formatCount(now.depth)} detail={now.drain_seconds === null ? "nothing leaves it" : now.drain_seconds === 0 ? "empty" : `empty in ${formatCountdown(now.drain_seconds * 1_000)}`} />
              <Tile label="Oldest" value={now.oldest_age_seconds === 0 ? "–" : `${now.oldest_age_seconds.toFixed(1)} s`} detail={now.oldest_age_seconds > 0 ? "since it was accepted" : now.depth > 0 ? "all are in hand" : "nobody waits"} />
              <Tile label="Dead letters" value={formatCount(now.dead_letters)} {...(now.dead_letters > 0 ? { tone: "coming" as const } : {})} detail="to be decided" />
              <Tile label="Declined" value={formatCount(now.declined)} detail="since the start" />
            </Tiles>
            <Table label="Stages">
              <thead>
                <tr>
                  <th>Stage</th>
                  <th className="number">Depth</th>
                  <th className="number">Waiting</th>
                  <th className="number">To be tried again</th>
                  <th className="number">In flight</th>
                  <th className="number">Oldest</th>
                  <th className="number">A second</th>
                  <th className="number">Finished</th>
                </tr>
              </thead>
              <tbody>
                {now.stages.map((stage) => (
                  <tr key={stage.stage}>
                    <td>{STAGES[stage.stage]}</td>
                    <td className="number">{formatCount(stage.depth)}</td>
                    <td className="number">{formatCount(stage.waiting)}</td>
                    <td className="number">{formatCount(stage.delayed)}</td>
                    <td className="number">{formatCount(stage.in_flight)}</td>
                    <td className="number">{stage.oldest_age_seconds === 0 ? "–" : `${stage.oldest_age_seconds.toFixed(1)} s`}</td>
                    <td className="number">{stage.per_second.toFixed(1)}</td>
                    <td className="number">{formatCount(stage.finished)}</td>
                  </tr>
                ))}
              </tbody>
            </Table>
          </>
        )}
        <Workers />
        <DeadLetters />
        <Finished />
      </div>
    </>
  );
}

function Workers() {
  const workers = useQuery({ queryKey: ["admin", "workers"], queryFn: () => ok(api.GET("/api/admin/workers")), refetchInterval: 2_000 });
  const list = workers.data?.data;
  return (
    <section className="stack">
      <h2>Workers</h2>
      {list?.length === 0 && <Empty title="No workers">Orders wait until one comes.</Empty>}
      {list !== undefined && list.length > 0 && (
        <Table label="Workers">
          <thead>
            <tr>
              <th>Worker</th>
              <th className="number">In flight</th>
              <th className="number">Confirmed</th>
              <th className="number">Declined</th>
              <th className="number">Retries</th>
              <th className="number">Parked</th>
              <th>Breakers</th>
              <th>Orders at once</th>
            </tr>
          </thead>
          <tbody>
            {list.map((worker) => (
              <tr key={worker.id}>
                <td className="mono">
                  {worker.id} {worker.draining && <Badge tone="over">Leaving</Badge>}
                  {worker.last_error != null && (
                    <div className="quiet">
                      {(worker.last_error_at ?? "").slice(11, 19)} {worker.last_error}
                    </div>
                  )}
                </td>
                <td className="number">
                  {formatCount(worker.in_flight)} <span className="quiet">+ {formatCount(worker.papers_in_flight)} papers</span>
                </td>
                <td className="number">{formatCount(worker.confirmed)}</td>
                <td className="number">{formatCount(worker.declined)}</td>
                <td className="number">{formatCount(worker.retries)}</td>
                <td className="number">{formatCount(worker.parked)}</td>
                <td>
                  {Object.entries(worker.breakers)
                    .filter(([, state]) => state !== "closed")
                    .map(([step, state]) => `${STAGES[step] ?? step} ${sayCode(state).toLowerCase()}`)
                    .join(", ") || "all closed"}
                </td>
                <td>
                  <Concurrency id={worker.id} now={worker.concurrency} min={worker.concurrency_min} max={worker.concurrency_max} />
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </section>
  );
}

/** "200", or "10..400": the worker finds its own number between these. */
function readConcurrency(text: string): { concurrency: number } | { min: number; max: number } | null {
  const [, least, most] = /^\s*(\d{1,6})(?:\s*\.\.\s*(\d{1,6}))?\s*$/.exec(text) ?? [];
  if (least === undefined) return null;
  if (most === undefined) return { concurrency: Number(least) };
  return Number(least) <= Number(most) ? { min: Number(least), max: Number(most) } : null;
}

function Concurrency({ id, now, min, max }: { id: string; now: number; min: number; max: number }) {
  const { act, busy } = useAct();
  const [refusal, setRefusal] = useState(NO_REFUSAL);
  const shown = min === max ? String(max) : `${min}..${max}`;
  const change = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get("concurrency"));
    const body = readConcurrency(text);
    if (body === null) return setRefusal({ fields: { concurrency: "A whole number, or two such as 10..400." }, whole: null });
    try {
      await act(() => ok(api.PUT("/api/admin/workers/{id}", { params: { path: { id } }, body })), `${id}: ${text} at once`, true);
      setRefusal(NO_REFUSAL);
    } catch (error) {
      const { fields, whole } = refusalOf(error, ["concurrency"]);
      setRefusal({ fields: whole === null ? fields : { concurrency: whole }, whole: null });
    }
  };
  return (
    <form className={css["inline"]} noValidate onSubmit={(event) => void change(event)}>
      {min !== max && <span className="number">{formatCount(now)} of</span>}
      <TextField key={shown} label={`Orders at once of ${id}`} bare name="concurrency" defaultValue={shown} error={refusal.fields["concurrency"]} />
      <Button type="submit" busy={busy} aria-label={`Set concurrency of ${id}`}>
        Set
      </Button>
    </form>
  );
}

/** What ended, also before a restart. */
function Finished() {
  const [result, setResult] = useState<FinishedStep["result"] | "">("");
  const steps = useQuery({
    queryKey: ["admin", "steps", "all", result],
    queryFn: () => ok(api.GET("/api/admin/queue/steps", { params: { query: { limit: 50, ...(result === "" ? {} : { result }) } } })),
    refetchInterval: 3_000,
  });
  const list = steps.data?.data ?? [];
  return (
    <section className="stack">
      <div className="row apart">
        <h2>Ended last</h2>
        <SelectField label="Result" bare value={result} onChange={(event) => setResult(event.currentTarget.value as typeof result)}>
          <option value="">Any result</option>
          {Object.keys(STEP_RESULTS).map((name) => (
            <option key={name} value={name}>
              {sayCode(name)}
            </option>
          ))}
        </SelectField>
      </div>
      {steps.isError && <Unread error={steps.error} again={() => void steps.refetch()} />}
      {steps.isSuccess && list.length === 0 && <Empty title="Nothing ended yet" />}
      {list.length > 0 && <Steps list={list} />}
    </section>
  );
}
