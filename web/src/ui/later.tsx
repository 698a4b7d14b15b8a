// Pages whose code is not in the first load, but is there before anybody needs it.
import { type ComponentType, type FunctionComponent, lazy, useState } from "react";
import { bringStyles } from "../shared/lost-code.ts";

export type Later<Props> = FunctionComponent<Props> & { preload: () => Promise<void> };

/** Once its code is there a page is drawn at once; until then Main's skeleton stands in its place. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): Later<Props> {
  let here: ComponentType<Props> | null = null;
  let hasFailed = false;
  const fetched = async () => {
    if (hasFailed) await bringStyles();
    return (here ??= await load());
  };
  const Lazy = lazy(async () => ({ default: (await fetched()) as ComponentType<object> })) as unknown as ComponentType<Props>;
  function Page(props: Props) {
    const [Shown] = useState(() => here ?? Lazy); // for as long as it is shown: the other one would begin anew
    return <Shown {...props} />;
  }
  // What does not come now is asked for again, and told, when it is needed.
  return Object.assign(Page, { preload: () => fetched().then(() => undefined, () => void (hasFailed = true)) });
}

/** The mark in the browser's timeline when all were asked for. */
export const LOADED_AHEAD = "scalemart.loaded-ahead";

/** One after the other, once the browser has nothing better to do. Who pays by the byte gets what is asked for. */
export function preloadWhenIdle(pages: Pick<Later<never>, "preload">[]): void {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  if (connection?.saveData === true) return;
  const run = async () => {
    for (const page of pages) await page.preload();
    performance.mark(LOADED_AHEAD);
  };
  const idle = () => ("requestIdleCallback" in window ? requestIdleCallback(() => void run(), { timeout: 2_000 }) : setTimeout(() => void run(), 500));
  if (document.readyState === "complete") idle();
  else window.addEventListener("load", idle, { once: true });
}
