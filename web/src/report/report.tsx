// Used by report.html and by the console's page of rehearsals.
import { Empty } from "../ui/surface.tsx";

export function RehearsalReport({ report }: { report: unknown }) {
  if (report === null) return <Empty whole title="This file holds no report" />;
  return <pre className="mono">{JSON.stringify(report, null, 2)}</pre>;
}
