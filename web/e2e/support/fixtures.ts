// `import { expect, test } from "./support/fixtures.ts"`: a shop, and a page that fails its test when it says
// anything on the console.
import AxeBuilder from "@axe-core/playwright";
import { test as base, type ConsoleMessage, expect, type Page } from "@playwright/test";
import { ADMIN, type Buyer, Shop } from "./shop.ts";

export { ADMIN, BUYER_PASSWORD, Shop } from "./shop.ts";
export { expect } from "@playwright/test";

interface ForTest {
  /** A shop of this test alone: with settings of its own, or to be killed. */
  openShop: (settings?: Record<string, string>) => Promise<Shop>;
  /** Addresses that this test itself makes fail; the browser's note of it does not count. */
  mayFail: RegExp | null;
  watched: void;
}
interface ForWorker {
  /** One shop for all tests of a worker: use products and buyers of your own in it, and leave its switches alone. */
  shop: Shop;
}

export const test = base.extend<ForTest, ForWorker>({
  shop: [
    async ({}, use) => {
      const shop = await new Shop().start();
      await use(shop);
      await shop.dispose();
    },
    { scope: "worker" },
  ],
  openShop: async ({ context }, use) => {
    const open: Shop[] = [];
    await use(async (settings) => {
      const shop = new Shop(settings);
      open.push(shop);
      return shop.start();
    });
    // First whoever looks at them: what a page still loads from a shop that is gone would count as its fault.
    for (const page of context.pages()) await page.close();
    for (const shop of open) await shop.dispose();
  },
  mayFail: [null, { option: true }],
  watched: [
    async ({ context, mayFail }, use) => {
      const problems: string[] = [];
      context.on("console", (message) => {
        if (isProblem(message, mayFail)) problems.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      });
      context.on("weberror", (error) => problems.push(`uncaught: ${error.error().stack}`));
      await use();
      expect(problems, "the console is empty").toEqual([]);
    },
    { auto: true },
  ],
});

/**
 * Chromium itself notes each answer of 400 and above, and each lost connection, as an error. In a shop refusals are
 * ordinary answers, so those of the API and of a document (a page that is not there) do not count; what a script
 * says, a violated policy or a missing file does.
 */
function isProblem(message: ConsoleMessage, mayFail: RegExp | null): boolean {
  if (message.type() !== "error" && message.type() !== "warning") return false;
  if (!message.text().startsWith("Failed to load resource:")) return true;
  const { url } = message.location();
  if (mayFail?.test(url) === true) return false;
  return !/^https?:\/\/[^/]+\/api\//.test(url) && url !== message.page()?.url();
}

/** Until what changed is drawn and has stopped moving: a colour on its way to another one is neither. In the page. */
async function settled(): Promise<void> {
  for (let frame = 0; frame < 2; ++frame) await new Promise(requestAnimationFrame);
  const ends = document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity);
  await Promise.allSettled(ends.map((one) => one.finished));
}

/** No violation of WCAG 2.2 A and AA, nor of axe's good practice. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(settled);
  const found = await new AxeBuilder({ page }).options({ rules: { "target-size": { enabled: true } } }).analyze();
  const short = found.violations.map((one) => `${one.id}: ${one.help}\n  ${one.nodes.map((node) => `${node.target.join(" ")}\n    ${node.failureSummary}`).join("\n  ")}`);
  expect(short, "axe finds nothing").toEqual([]);
}

/** Logs in through the page, as a person does; then goes to `next`. */
export async function logIn(page: Page, shop: Pick<Shop, "url">, who: Pick<Buyer, "email" | "password"> = ADMIN, next = "/"): Promise<void> {
  await page.goto(`${shop.url}/login?next=${encodeURIComponent(next)}`);
  await page.getByLabel("E-mail").fill(who.email);
  await page.getByLabel("Password").fill(who.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL((url) => url.pathname === new URL(next, shop.url).pathname);
}

/** Who pays by the byte: nothing is loaded ahead. */
export async function saveData(page: Page): Promise<void> {
  await page.addInitScript(() => Object.defineProperty(Object.getPrototypeOf(navigator), "connection", { value: { saveData: true }, configurable: true }));
}

/** The code of the pages that come next is here. */
export const loadedAhead = (page: Page) => expect.poll(() => page.evaluate(() => performance.getEntriesByName("scalemart.loaded-ahead").length)).toBe(1);

export const buyButton = (page: Page) => page.getByRole("button", { name: /^Buy for/ });
