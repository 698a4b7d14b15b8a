// Steps of fulfilment that ended, of one order or of all.
import { Link } from "wouter";
import type { FinishedStep } from "../shared/api/types.ts";
import { formatMoment, formatMs } from "../shared/format.ts";
import { Badge, type Tone } from "../ui/badge.tsx";
import { Table } from "../ui/surface.tsx";
import css from "./console.module.css";
import { sayCode, STAGES } from "./words.ts";

export const STEP_RESULTS: Record<FinishedStep["result"], Tone> = { done: "live", declined: "refused", retried: "coming", parked: "refused" };

export function Steps({ list, ofOneOrder = false }: { list: FinishedStep[]; ofOneOrder?: boolean }) {
  return (
    <Table label="Steps that ended">
      <thead>
        <tr>
          <th>Ended</th>
          {!ofOneOrder && <th>Order</th>}
          <th>Step</th>
          <th>Result</th>
          <th className="number">Attempt</th>
          <th className="number">Took</th>
          <th>Detail</th>
        </tr>
      </thead>
      <tbody>
        {list.map((step) => (
          <tr key={`${step.order_id} ${step.step} ${step.attempts} ${step.at}`}>
            <td>
              {formatMoment(step.at)}
            </td>
            {!ofOneOrder && (
              <td>
                <Link href={`/admin/orders/${step.order_id}`} className="mono">
                  {step.order_id}
                </Link>
              </td>
            )}
            <td>{STAGES[step.step]}</td>
            <td>
              <Badge tone={STEP_RESULTS[step.result]}>{sayCode(step.result)}</Badge>
            </td>
            <td className="number">{step.attempts}</td>
            <td className="number">{formatMs(step.seconds * 1_000)}</td>
            <td className={css["wrap"]}>{step.detail}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
