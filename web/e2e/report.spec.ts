import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expectAccessibleByDayAndNight } from "./support/console.ts";
import { expect, expectAccessible, test } from "./support/fixtures.ts";
import { holdSale } from "./support/sale.ts";

const HOLE = '<script id="rehearsal" type="application/json">null</script>';
const html = readFileSync(new URL("../dist-report/report.html", import.meta.url), "utf8");

const MEASURE = { count: 3, p50: 1.2, p90: 2, p99: 3.5, p999: 4, max: 4, histogram: [] };
const REPORT = {
  kind: "scalemart-rehearsal",
  version: 1,
  program: "0.1.0",
  begun_at: "2026-11-27T10:00:00Z",
  machine: null,
  options: { product: "lamp", rate: 3, duration_s: 2, connections: 1 },
  ok: true,
  checks: [{ name: "conservation", ok: true, detail: "</script> and more" }],
  drift: 0,
  seconds: 2,
  visits: 6,
  accepted: 3,
  accepted_per_second: 1.5,
  confirmed: 3,
  refused: { out_of_stock: 3 },
  errors: 0,
  latency_ms: { shopper_buy: MEASURE },
  per_second: [0, 3].map((refused) => ({ accepted: 3 - refused, confirmed: 0, refused, refused_by: { out_of_stock: refused }, other: 0, errors: 0, latency_ms: refused === 0 ? { p50: 1, p90: 1, p99: 2, max: 2 } : null })),
  stock: [0, 1].map((at) => ({ at, total: 3, available: 3 - 3 * at, held: 0, sold: 3 * at })),
};

test("the report's file has one hole for the numbers, and asks nobody for anything", async ({ page }) => {
  expect(html.split(HOLE)).toHaveLength(2);
  const folder = mkdtempSync(join(tmpdir(), "scalemart-report-"));
  try {
    const file = join(folder, "report.html");
    writeFileSync(file, html.replace(HOLE, () => HOLE.replace("null", JSON.stringify(REPORT).replaceAll("<", "\\u003c"))));
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    await expect(page.locator("#root")).toContainText("</script> and more");
    await expect(page.getByText("Every check holds")).toBeVisible();
    await expect(page.getByRole("img", { name: "Units left, held and sold" }).locator("canvas")).toBeVisible();
    await expectAccessible(page);
    expect(asked.filter((url) => !url.startsWith("data:"))).toEqual([pathToFileURL(file).href]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what `rehearse --html` wrote is the same drawing, in one file that stands alone", async ({ page, shop }) => {
  const product = await shop.product({ total: 40 });
  const file = shop.file("report.html");
  const report = await holdSale(shop, { product: product.id, buyers: 60, rate: 60, duration: "2s", html: file });
  const made = JSON.parse(readFileSync(report, "utf8")) as { accepted: number; checks: unknown[] };
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  await expect(page.getByText("Every check holds")).toBeVisible();
  await expect(page.locator(".tile").filter({ hasText: "Accepted" }).locator(".tile-value")).toHaveText(String(made.accepted));
  await expect(page.locator("canvas")).toHaveCount(3);
  await expect(page.locator("tbody").last().locator("tr")).toHaveCount(made.checks.length);
  const cursor = page.getByRole("slider", { name: /^Cursor: Answers to buys/ });
  await cursor.focus();
  await page.keyboard.press("Home");
  await expect(cursor).toHaveAttribute("aria-valuetext", /: accepted \d/);
  await expectAccessibleByDayAndNight(page);
  expect(asked.filter((url) => !url.startsWith("data:"))).toEqual([pathToFileURL(file).href]);
});
