// Light, dark, or as the system says. public/theme.js applies the choice before the first paint.
import { useSyncExternalStore } from "react";
import { localStore } from "./storage.ts";

export type Theme = "auto" | "light" | "dark";
export const THEMES: readonly Theme[] = ["auto", "light", "dark"];
export const THEME_NAME = "scalemart.theme";

const listeners = new Set<() => void>();

export function theme(): Theme {
  const kept = localStore.get(THEME_NAME);
  return kept === "light" || kept === "dark" ? kept : "auto";
}

function apply() {
  const chosen = theme();
  if (chosen === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
  for (const listener of listeners) listener();
}

export function setTheme(chosen: Theme): void {
  if (chosen === "auto") localStore.remove(THEME_NAME);
  else localStore.set(THEME_NAME, chosen);
  apply();
}

/** Renders again when the choice changes, here or in another tab. */
export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    const other = (event: StorageEvent) => event.key === THEME_NAME && apply();
    listeners.add(listener);
    window.addEventListener("storage", other);
    return () => {
      listeners.delete(listener);
      window.removeEventListener("storage", other);
    };
  }, theme);
}
