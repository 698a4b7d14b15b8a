import { type ChangeEvent, useState } from "react";
import { RehearsalReport } from "../../report/report.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Card, Empty, Notice } from "../../ui/surface.tsx";

/** The file stays in the browser. */
export function RehearsalsPage() {
  const [read, setRead] = useState<{ name: string; report: unknown } | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const open = async (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.currentTarget.files?.[0];
    if (file === undefined) return;
    setRefusal(null);
    setRead(null);
    try {
      setRead({ name: file.name, report: JSON.parse(await file.text()) as unknown });
    } catch {
      setRefusal(`${file.name} is not JSON`);
    }
  };
  return (
    <>
      <PageHead title="Rehearsals" />
      <div className="stack">
        <Card className="row">
          <label htmlFor="rehearsal-file">Report of a rehearsal</label>
          <input id="rehearsal-file" type="file" accept=".json,application/json" onChange={(event) => void open(event)} />
        </Card>
        {refusal !== null && (
          <Notice tone="refused" title={refusal} live="assertive">
            Choose the file that <code>scalemart rehearse --json FILE</code> wrote.
          </Notice>
        )}
        {read === null && refusal === null && (
          <Empty title="No report is open">
            <code>scalemart rehearse --json FILE</code>
          </Empty>
        )}
        {read !== null && <RehearsalReport report={read.report} />}
      </div>
    </>
  );
}
