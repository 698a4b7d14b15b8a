// Used by report.html and by the console's page of rehearsals.
import { Empty } from "../ui/surface.tsx";

export function RehearsalReport({ report }: { report: unknown }) {
  if (report === null)
    return (
      <main>
        <Empty whole title="This file holds no report" />
      </main>
    );
  return (
    <main>
      <h1>Rehearsal</h1>
      <pre className="mono">{JSON.stringify(report, null, 2)}</pre>
    </main>
  );
}
