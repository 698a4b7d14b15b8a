// The same ground under both apps.
import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeQueryClient } from "../shared/api/query.ts";
import { startSession } from "../shared/api/session.ts";
import { isLostCode, watchForLostCode } from "../shared/lost-code.ts";

/** The content security policy allows no <style> elements: the few of Base UI are in our own CSS instead. */
export function mount(app: ReactNode): void {
  watchForLostCode();
  startSession();
  const client = makeQueryClient();
  createRoot(document.getElementById("root")!, {
    // Code that did not come is told by Main and mends itself; the console is for bugs.
    onCaughtError: (error, { componentStack }) => isLostCode(error) || console.error(error, componentStack),
  }).render(
    <StrictMode>
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={client}>{app}</QueryClientProvider>
      </CSPProvider>
    </StrictMode>,
  );
}
