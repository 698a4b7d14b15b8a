// `npm run lighthouse`: performance, accessibility and best practice of home, product and console, on Debian's
// Chromium and a shop of its own. Not in `npm run e2e`: a score of speed depends on what else the machine does.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium, type Page } from "@playwright/test";
import { compressedPages } from "./support/compressed.ts";
import { ADMIN, expect, logIn, Shop, test } from "./support/fixtures.ts";
import { demoGoods } from "./support/goods.ts";
import { freePort } from "./support/shop.ts";

const LEAST = 95;
const CATEGORIES = ["performance", "accessibility", "best-practices"] as const;
/** The middle of three: one run more or less says little about speed. */
const RUNS = 3;
const REPORTS = resolve(process.env["SCALEMART_LIGHTHOUSE"] ?? "test-results/lighthouse");
/** The live stream never ends, so a page is never idle; by then it has long been whole. */
const WAIT_MS = 12_000;
const PROGRAM = fileURLToPath(new URL("../lighthouse/node_modules/lighthouse/cli/index.js", import.meta.url));

/** What is read of a result; see https://github.com/GoogleChrome/lighthouse/blob/main/docs/understanding-results.md */
interface Result {
  categories: Record<string, { score: number | null; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, { title: string; score: number | null; displayValue?: string }>;
}

/** One run in the browser behind `port`, and its report as a file for people. */
async function measure(port: number, url: string, name: string, flags: readonly string[]): Promise<Result> {
  const file = `${REPORTS}/${name}`;
  const usual = ["--quiet", "--no-enable-error-reporting", `--max-wait-for-load=${WAIT_MS}`, "--output=json", "--output=html", `--output-path=${file}`, `--only-categories=${CATEGORIES.join(",")}`];
  await promisify(execFile)(process.execPath, [PROGRAM, url, `--port=${port}`, ...usual, ...flags]);
  return JSON.parse(readFileSync(`${file}.report.json`, "utf8")) as Result;
}

/** A browser whose only profile is Lighthouse's too: who is logged in here is logged in there. */
async function withBrowser<T>(work: (port: number, page: Page) => Promise<T>): Promise<T> {
  const { launchOptions } = test.info().project.use;
  const port = await freePort();
  const context = await chromium.launchPersistentContext("", { ...launchOptions, args: [...(launchOptions?.args ?? []), `--remote-debugging-port=${port}`] });
  try {
    return await work(port, context.pages()[0]!);
  } finally {
    await context.close();
  }
}

/** What cost points, so that a failure can be mended without opening the report. */
function complaints({ audits, categories }: Result): string[] {
  return CATEGORIES.flatMap((name) => categories[name]!.auditRefs)
    .filter(({ id, weight }) => weight > 0 && (audits[id]!.score ?? 1) < 0.9)
    .map(({ id }) => `${id}: ${audits[id]!.title} ${audits[id]!.displayValue ?? ""}`);
}

function middle(runs: Result[], category: string): number {
  const scores = runs.map((run) => Math.round(100 * (run.categories[category]!.score ?? 0)));
  return scores.sort((a, b) => a - b)[Math.floor(RUNS / 2)]!;
}

async function expectGood(port: number, name: string, path: string, flags: readonly string[] = []): Promise<void> {
  const runs: Result[] = [];
  while (runs.length < RUNS) runs.push(await measure(port, shop.url + path, name, flags));
  const scores = CATEGORIES.map((category) => ({ category, score: middle(runs, category) }));
  console.log(`${name}: ${scores.map(({ category, score }) => `${category} ${score}`).join(", ")}`);
  const missed = scores.filter(({ score }) => score < LEAST);
  expect(missed, [...new Set(runs.flatMap(complaints))].join("\n")).toEqual([]);
}

let pages: string;
let shop: Shop;
test.beforeAll(async () => {
  mkdirSync(REPORTS, { recursive: true });
  pages = compressedPages();
  shop = await new Shop({ PAGES: pages }).start();
  await demoGoods(shop);
});
test.afterAll(async () => {
  await shop.dispose();
  rmSync(pages, { recursive: true });
});
test.beforeEach(() => test.setTimeout(300_000));

test("home, on a phone with a slow line", () => withBrowser((port) => expectGood(port, "home", "/")));
test("product, on a phone with a slow line", () => withBrowser((port) => expectGood(port, "product", "/p/aurora-lamp")));
test("console, on a desk", () =>
  withBrowser(async (port, page) => {
    await logIn(page, shop, ADMIN, "/admin");
    await page.goto("about:blank");
    await expectGood(port, "console", "/admin", ["--preset=desktop", "--disable-storage-reset"]);
  }));
