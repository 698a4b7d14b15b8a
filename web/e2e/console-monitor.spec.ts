import type { Locator, Page } from "@playwright/test";
import { sayReason } from "../src/console/words.ts";
import { expectAccessibleByDayAndNight, openConsole, rows, table, type Stats } from "./support/console.ts";
import { expect, test } from "./support/fixtures.ts";
import { holdSale } from "./support/sale.ts";

/** A status of an order, as the page calls it. */
const sayStatus = (status: string) => status[0]!.toUpperCase() + status.slice(1);
const count = (value: number) => value.toLocaleString("en-GB");
const euros = (minor: number) => (minor / 100).toLocaleString("en-GB", { style: "currency", currency: "EUR", maximumFractionDigits: 0 });

/** All that the monitor says in numbers, as the page has it now. */
async function shown(page: Page) {
  const tile = async (label: string) => page.locator(".tile").filter({ has: page.getByText(label, { exact: true }) }).locator(".tile-value").innerText();
  const list = (label: string) =>
    page.getByLabel(label, { exact: true }).locator("dl > div").evaluateAll((all) => Object.fromEntries(all.map((one) => [one.firstElementChild?.textContent, one.lastElementChild?.textContent])));
  return {
    tiles: Object.fromEntries(await Promise.all(["Accepted", "Refused", "Confirmed", "Revenue", "Queue", "Drift", "Connections"].map(async (label) => [label, await tile(label)]))),
    orders: await list("Orders by state"),
    refused: await list("Refused by reason"),
    stock: await rows(page, "Products").evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent).slice(0, 5))),
  };
}

/** The same, of GET /api/admin/stats. */
function expected(stats: Stats) {
  return {
    tiles: {
      Accepted: count(stats.accepted),
      Refused: count(stats.refused_total),
      Confirmed: count(stats.confirmed),
      Revenue: euros(stats.revenue[0]?.confirmed_minor ?? 0),
      Queue: count(stats.queue?.depth ?? -1),
      Drift: count(stats.drift),
      Connections: count(stats.connections),
    },
    orders: Object.fromEntries(Object.entries(stats.orders).map(([status, orders]) => [sayStatus(status), count(orders)])),
    refused: Object.fromEntries(Object.entries(stats.refused).map(([reason, refusals]) => [sayReason(reason), count(refusals)])),
    stock: stats.products.map((one) => [one.name, one.state === "sold_out" ? "Sold out" : "Live", `${count(one.available)} of ${count(one.total)}`, count(one.held), count(one.sold)]),
  };
}

/** Hears what an element says from now on, however briefly: its text, or the value it tells. */
async function listen(to: Locator): Promise<() => Promise<string>> {
  const said = await to.evaluateHandle((element) => {
    const all = new Set<string>();
    const note = () => all.add(element.getAttribute("aria-valuetext") ?? element.textContent ?? "");
    new MutationObserver(note).observe(element, { subtree: true, childList: true, characterData: true, attributes: true });
    return all;
  });
  return () => said.evaluate((all) => [...all].join("\n"));
}

test("a sale to 2,000 buyers is followed, and at its end every number is the server's", async ({ page, openShop }) => {
  const shop = await openShop({ PAYMENT: "simulated:?latency=200ms&decline=3%", RATE_LIMIT_FLASH_BUY: "10/60s" });
  const product = await shop.product({ id: "aurora-lamp", total: 900, per_user_limit: 1 });
  const buyer = await shop.buyer();
  await shop.asAdmin("POST", `/api/admin/products/${product.id}/pause`);
  await expect(shop.buy(buyer, product.id)).rejects.toThrow("sale_paused");
  await shop.asAdmin("POST", `/api/admin/products/${product.id}/resume`);
  await page.setViewportSize({ width: 1920, height: 1080 });
  await openConsole(page, shop, "/admin");
  await expect(page.getByText("Live", { exact: true }).first()).toBeVisible();
  await expect(page.getByLabel("Stock", { exact: true })).toContainText("nothing sells now");

  // While it sells: the forecast and the rates.
  const stock = await listen(page.getByLabel("Stock", { exact: true }));
  const left = await listen(table(page, "Products"));
  const rates = await listen(page.getByRole("slider", { name: /^Cursor: Accepted and refused/ }));
  await holdSale(shop, { product: product.id, buyers: 2_000, rate: 250, duration: "7s" });
  expect(await stock()).toMatch(/Aurora lamp sold out at \d\d:\d\d:\d\d/);
  expect(await left()).toMatch(/\d\d:\d\d, at \d\d:\d\d:\d\d/);
  expect(await rates()).toMatch(/Accepted [1-9]/);

  const stats = () => shop.asAdmin<Stats>("GET", "/api/admin/stats");
  await expect.poll(async () => (await stats()).queue?.depth).toBe(0);
  await expect(async () => expect(await shown(page)).toEqual(expected(await stats()))).toPass({ timeout: 20_000 });
  const last = await stats();
  expect(last).toMatchObject({ drift: 0, accepted: last.confirmed + last.orders["failed"]! });
  expect(last.confirmed).toBeGreaterThan(500);
  expect(Object.keys(last.refused)).toEqual(expect.arrayContaining(["sale_paused", "purchase_limit", "rate_limited"]));

  // One screen: nothing to scroll, neither at the wall nor at a desk.
  for (const viewport of [{ width: 1920, height: 1080 }, { width: 1440, height: 900 }]) {
    await page.setViewportSize(viewport);
    expect(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight), `at ${viewport.width}`).toBeLessThanOrEqual(0);
  }
  await page.getByLabel("Forecast for").selectOption({ label: "Aurora lamp" });
  await expectAccessibleByDayAndNight(page);
});

test("the monitor says when it is cut off, and is right again after a restart", async ({ page, openShop }) => {
  const shop = await openShop({ PAYMENT: "simulated:?latency=0s" });
  const product = await shop.product();
  await shop.buy(await shop.buyer(), product.id);
  await openConsole(page, shop, "/admin");
  const accepted = page.locator(".tile").filter({ has: page.getByText("Accepted", { exact: true }) }).locator(".tile-value");
  await expect(accepted).toHaveText("1");
  await shop.kill();
  await expect(page.getByText("Reconnecting")).toBeVisible();
  await shop.start();
  await shop.buy(await shop.buyer(), product.id);
  await expect(accepted).toHaveText("2");
});

test("a longer span is shown from what the server remembers", async ({ page, openShop }) => {
  const shop = await openShop({ PAYMENT: "simulated:?latency=0s" });
  const product = await shop.product({ per_user_limit: 1 });
  const buyer = await shop.buyer();
  await shop.buy(buyer, product.id);
  await expect(shop.buy(buyer, product.id)).rejects.toThrow("purchase_limit");
  await openConsole(page, shop, "/admin");
  await page.getByLabel("Time shown").selectOption({ label: "1 hour" });
  await expect(page).toHaveURL(/span=3600/);
  // In steps of ten seconds, of which the last one is told when it is over, and asked for every ten seconds.
  await expect(page.getByLabel("Buys a second", { exact: true })).toContainText("Limit reached", { timeout: 30_000 });
});
