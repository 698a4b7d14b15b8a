import { useState } from "react";
import { RehearsalReport } from "../../report/report.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { PageHead } from "../../ui/page.tsx";
import { Card, Empty, Notice } from "../../ui/surface.tsx";
import css from "../console.module.css";

interface Opened {
  name: string;
  report: unknown;
}

/** What was opened since the page was loaded: files stay in the browser, and one of them is shown. */
let opened: Opened[] = [];

async function read(file: File): Promise<Opened | string> {
  try {
    return { name: file.name, report: JSON.parse(await file.text()) as unknown };
  } catch {
    return `${file.name} is not JSON`;
  }
}

export function RehearsalsPage() {
  const [shown, setShown] = useState(opened.at(-1) ?? null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const open = async (files: FileList | null) => {
    const all = await Promise.all(Array.from(files ?? [], read));
    const reports = all.filter((one) => typeof one !== "string");
    setRefusal(all.find((one) => typeof one === "string") ?? null);
    opened = [...opened.filter((old) => !reports.some((one) => one.name === old.name)), ...reports];
    if (reports.length > 0) setShown(reports.at(-1)!);
  };
  return (
    <>
      <PageHead title="Rehearsals" />
      <div className="stack">
        <Card className={css["filters"]!}>
          <TextField label="Report of a rehearsal" type="file" multiple accept=".json,application/json" onChange={(event) => void open(event.currentTarget.files)} />
          {opened.length > 1 && (
            <SelectField label="Shown" value={shown?.name ?? ""} onChange={(event) => setShown(opened.find((one) => one.name === event.currentTarget.value) ?? null)}>
              {opened.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </SelectField>
          )}
        </Card>
        {refusal !== null && (
          <Notice tone="refused" title={refusal} live="assertive">
            Choose the file that <code>scalemart rehearse --json FILE</code> wrote.
          </Notice>
        )}
        {shown === null && refusal === null && (
          <Empty title="No report is open">
            <p>
              Choose what <code>scalemart rehearse --json FILE</code> wrote. It is drawn here and sent nowhere.
            </p>
          </Empty>
        )}
        {shown !== null && <RehearsalReport key={shown.name} report={shown.report} />}
      </div>
    </>
  );
}
