// The drawing of a rehearsal, alone in one file. `scalemart rehearse --html` puts the report's JSON where null is.
import "../styles/index.css";
import { createRoot } from "react-dom/client";
import { RehearsalReport } from "./report.tsx";

const text = document.getElementById("rehearsal")?.textContent ?? "null";
document.documentElement.dataset["density"] = "dense";
createRoot(document.getElementById("root")!).render(
  <main className="report-page stack">
    <h1>Rehearsal</h1>
    <RehearsalReport report={JSON.parse(text) as unknown} />
  </main>,
);
