// Who may come in, and the pages that show: limits, audit, rehearsals.
import { readFileSync, writeFileSync } from "node:fs";
import { expectAccessibleByDayAndNight, openConsole, rows, told } from "./support/console.ts";
import { ADMIN, expect, logIn, test } from "./support/fixtures.ts";
import { holdSale } from "./support/sale.ts";

test("a buyer is refused, by the page and by the server", async ({ page, shop }) => {
  const buyer = await shop.buyer();
  const asked: string[] = [];
  page.on("request", (request) => request.url().includes("/api/admin/") && asked.push(request.url()));
  await logIn(page, shop, buyer, "/admin/orders");
  await expect(page.getByRole("heading", { name: "This is for administrators" })).toBeVisible();
  await expectAccessibleByDayAndNight(page);
  expect(asked).toEqual([]);
  await expect(shop.call("GET", "/api/admin/orders", undefined, buyer.token)).rejects.toThrow("403");
  await page.getByRole("button", { name: "Log in as somebody else" }).click();
  await page.waitForURL("**/login?next=%2Fadmin%2Forders");
});

test("the administrator goes from page to page and leaves", async ({ page, shop }) => {
  await shop.product();
  await openConsole(page, shop, "/admin");
  for (const [place, heading] of [["Products", "Products"], ["Orders", "Orders"], ["Queue", "Queue and workers"], ["Limits", "Rate limits"], ["Webhooks", "Webhooks"], ["Audit", "Audit"], ["Rehearsals", "Rehearsals"], ["Monitor", "Sale monitor"]] as const) {
    await page.getByRole("navigation", { name: "Console" }).getByRole("link", { name: place }).click();
    await expect(page.getByRole("heading", { name: heading, level: 1 })).toBeVisible();
    await expect(page).toHaveTitle(new RegExp(`^${heading}`));
  }
  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL("**/login?next=*");
});

test("limits are shown, changed and felt; who is limited is counted", async ({ page, openShop }) => {
  const shop = await openShop({ RATE_LIMIT_FLASH_BUY: "3/60s" });
  const product = await shop.product();
  const buyer = await shop.buyer();
  for (let i = 0; i < 3; i++) await shop.buy(buyer, product.id);
  for (let i = 0; i < 2; i++) await expect(shop.buy(buyer, product.id)).rejects.toThrow("429");
  await openConsole(page, shop, "/admin/limits");
  const buying = rows(page, "Rate limits").filter({ hasText: "Buying" });
  await expect(buying.getByRole("cell")).toHaveText(["Buying", "Limit: BuyingSet", "2", "1 users", "100 %", "2", "3", "1"]);
  await expectAccessibleByDayAndNight(page);
  const field = page.getByLabel("Limit: Buying", { exact: true });
  await expect(field).toHaveValue("3/60s");
  await field.fill("lots");
  await page.getByRole("button", { name: "Set limit: Buying" }).click();
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).not.toHaveAccessibleDescription("");
  await expectAccessibleByDayAndNight(page);
  await field.fill("20/60s");
  await page.getByRole("button", { name: "Set limit: Buying" }).click();
  await told(page, "Buying: 20/60s");
  await expect(field).not.toHaveAttribute("aria-invalid", "true");
  await shop.buy(await shop.buyer(), product.id);
  await shop.stop();
  await shop.start();
  await page.reload();
  await expect(field).toHaveValue("20/60s");
});

test("a webhook is made, tested, seen to fail, and removed", async ({ page, shop }) => {
  await openConsole(page, shop, "/admin/webhooks");
  await expect(page.getByText("Nobody is told yet")).toBeVisible();
  await page.getByRole("button", { name: "New webhook" }).click();
  await page.getByLabel("Address").fill("https://127.0.0.1/hooks");
  await page.getByRole("button", { name: "Create webhook" }).click();
  await expect(page.getByText("127.0.0.1 is not a public address")).toBeVisible();
  await page.getByLabel("Address").fill("https://localhost:1/hooks");
  await page.getByLabel("Events").fill("order.*, stock.changed");
  await expectAccessibleByDayAndNight(page);
  await page.getByRole("button", { name: "Create webhook" }).click();
  await expect(page.getByText(/^whsec_/)).toBeVisible();
  const row = rows(page, "Webhooks").filter({ hasText: "https://localhost:1/hooks" });
  await expect(row).toContainText("order.*, stock.changed");
  await expectAccessibleByDayAndNight(page);
  await page.getByRole("button", { name: "I have it" }).click();
  await expect(page.getByText(/^whsec_/)).toHaveCount(0);
  await row.getByRole("button", { name: "Test" }).click();
  await told(page, /It did not take the test: .* is not a public address/);
  const product = await shop.product();
  await shop.buy(await shop.buyer(), product.id);
  await expect(row).toContainText("failing");
  await row.getByRole("button", { name: "Deliveries" }).click();
  await expect(rows(page, "Deliveries").filter({ hasText: "order.accepted" })).toContainText("waiting");
  await expectAccessibleByDayAndNight(page);
  await page.getByRole("button", { name: "Close" }).click();
  await row.getByRole("button", { name: "Disable" }).click();
  await expect(row).toContainText("disabled");
  await row.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Remove webhook" }).click();
  await expect(page.getByText("Nobody is told yet")).toBeVisible();
});

test("the audit trail is narrowed by each filter and shows before and after", async ({ page, shop }) => {
  const { id } = await shop.product({ total: 10 });
  await shop.asAdmin("POST", `/api/admin/products/${id}/pause`);
  await shop.asAdmin("POST", `/api/admin/products/${id}/stock`, { delta: 5, reason: "found five" });
  await shop.asAdmin("PATCH", `/api/admin/products/${id}`, { name: "Northern lamp" });
  const trail = rows(page, "Audit trail");
  const hour = (away: number) => new Date(Date.now() + away * 3_600_000).toISOString().slice(0, 16);
  const find = async (asked: Record<string, string>) => {
    await page.goto(`${shop.url}/admin/audit`);
    for (const [label, value] of Object.entries(asked)) await page.getByRole("search").getByLabel(label, { exact: true }).fill(value);
    await page.getByRole("button", { name: "Find" }).click();
  };
  await openConsole(page, shop, "/admin/audit");
  await find({ Target: id });
  await expect(trail).toHaveText([/Product changed/, /Stock adjusted/, /Product paused/, /Product created/]);
  await expect(trail.nth(0)).toContainText("name Aurora lamp → Northern lamp");
  await expect(trail.nth(1)).toContainText("total 10 → 15");
  await expect(trail.nth(1)).toContainText("found five");
  await expect(trail.nth(2)).toContainText("paused false → true");
  await expect(trail.nth(2)).toContainText(ADMIN.email);
  await expect(trail.nth(2)).toContainText("127.0.0.1");
  await expectAccessibleByDayAndNight(page);
  await find({ Target: id, What: "stock_adjusted" });
  await expect(trail).toHaveText([/Stock adjusted/]);
  await find({ Target: id, Who: ADMIN.email, Address: "127.0.0.1", From: hour(-1), To: hour(1) });
  await expect(trail).toHaveCount(4);
  const others: Record<string, string>[] = [{ Who: "nobody@shop.test" }, { Address: "192.0.2.9" }, { From: hour(1) }, { To: hour(-1) }];
  for (const other of others) {
    await find({ Target: id, ...other });
    await expect(page.getByText("Nothing was done that matches")).toBeVisible();
  }
});

test("reports of rehearsals are opened, picked and drawn", async ({ page, shop }) => {
  const product = await shop.product({ total: 40 });
  const report = await holdSale(shop, { product: product.id, buyers: 60, rate: 60, duration: "2s" });
  const made = JSON.parse(readFileSync(report, "utf8")) as { accepted: number; begun_at: string };
  const other = shop.file("of-yesterday.json");
  writeFileSync(other, JSON.stringify({ ...made, accepted: 12_345, ok: false }));
  await openConsole(page, shop, "/admin/rehearsals");
  const field = page.getByLabel("Report of a rehearsal");
  await field.setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no report") });
  await expect(page.getByRole("alert")).toContainText("notes.txt is not JSON");
  await field.setInputFiles({ name: "other.json", mimeType: "application/json", buffer: Buffer.from("{}") });
  await expect(page.getByText("This file holds no report of a rehearsal")).toBeVisible();
  await field.setInputFiles([other, report]);
  await expect(page.getByText("Every check holds")).toBeVisible();
  const accepted = page.locator(".tile").filter({ hasText: "Accepted" });
  await expect(accepted).toContainText(String(made.accepted));
  await expect(page.locator("canvas")).toHaveCount(3);
  await expectAccessibleByDayAndNight(page);
  await page.getByLabel("Shown").selectOption("of-yesterday.json");
  await expect(accepted).toContainText("12,345");
  await expect(page.getByText("A check does not hold")).toBeVisible();

  // The value at the cursor, by keyboard: the first second of the rehearsal.
  const cursor = page.getByRole("slider", { name: /^Cursor: Answers to buys/ });
  await cursor.focus();
  await page.keyboard.press("Home");
  const first = new Date(Math.floor(Date.parse(made.begun_at) / 1_000) * 1_000).toISOString().slice(11, 19);
  await expect(cursor).toHaveAttribute("aria-valuetext", new RegExp(`^${first}: accepted \\d`));
  // The other charts stand on the same moment.
  await expect(page.getByLabel("Latency", { exact: true }).locator(".legend-time")).toHaveText(first);
});
