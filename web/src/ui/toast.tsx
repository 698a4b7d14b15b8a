// A word about what an operator did, for a moment. The storefront has none: there an outcome is told where the
// eye is, beside the button (Notice).
import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import type { Tone } from "./badge.tsx";
import { Button } from "./button.tsx";
import "./toast.css";

export function ToastProvider({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider timeout={6_000} limit={4}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <Toasts />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function Toasts() {
  return Toast.useToastManager().toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast" data-tone={toast.type}>
      <div>
        <Toast.Title className="toast-title" />
        <Toast.Description className="quiet small" />
      </div>
      <Toast.Close render={<Button variant="quiet" size="s" iconOnly aria-label="Close" icon={<X aria-hidden="true" />} />} />
    </Toast.Root>
  ));
}

/** `const say = useToast(); say("Sale paused", { tone: "coming" })` */
export function useToast() {
  const { add } = Toast.useToastManager();
  return (title: string, more: { description?: string; tone?: Tone } = {}) =>
    void add({
      title,
      ...(more.description === undefined ? {} : { description: more.description }),
      type: more.tone ?? "over",
      // A refusal waits until it was read.
      ...(more.tone === "refused" ? { timeout: 0, priority: "high" as const } : {}),
    });
}
