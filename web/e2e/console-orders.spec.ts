import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { buyUntil, expectAccessibleByDayAndNight, openConsole, rows, table, told } from "./support/console.ts";
import { expect, type Shop, test } from "./support/fixtures.ts";

async function someOrders(shop: Shop) {
  const mark = randomBytes(3).toString("hex");
  const [lamp, mug] = [await shop.product({ name: `Lamp ${mark}` }), await shop.product({ name: `Mug ${mark}`, sale_price_minor: 1_250 })];
  const [ada, bob] = [await shop.buyer(), await shop.buyer("Bob")];
  const ids = { two: await buyUntil(shop, ada, lamp.id, "confirmed", 2), one: await buyUntil(shop, bob, lamp.id, "confirmed"), mug: await buyUntil(shop, ada, mug.id, "confirmed") };
  // The search follows the ledger, and may be behind it.
  for (const id of Object.values(ids)) await expect.poll(async () => (await shop.asAdmin<{ status: string }[]>("GET", `/api/admin/orders?q=${id}`))[0]?.status).toBe("confirmed");
  return { lamp, mug, ada, bob, ids };
}

async function find(page: Page, asked: Record<string, string>) {
  await page.goto(page.url().split("?")[0]!);
  for (const [label, value] of Object.entries(asked)) {
    const field = page.getByRole("search").getByLabel(label, { exact: true });
    await (["Status", "Product"].includes(label) ? field.selectOption({ label: value }) : field.fill(value));
  }
  await page.getByRole("button", { name: "Find" }).click();
}

test("orders are found by each filter", async ({ page, shop }) => {
  const { lamp, mug, ada, bob, ids } = await someOrders(shop);
  await openConsole(page, shop, "/admin/orders");
  const list = rows(page, "Orders");
  const expectFound = async (...wanted: string[]) => {
    await expect(list).toHaveCount(wanted.length);
    for (const id of wanted) await expect(list.filter({ hasText: id })).toBeVisible();
  };
  await expectAccessibleByDayAndNight(page);
  await find(page, { Search: ids.mug });
  await expectFound(ids.mug);
  await find(page, { Search: ada.email });
  await expectFound(ids.mug, ids.two);
  await find(page, { Search: bob.id });
  await expectFound(ids.one);
  await find(page, { Product: lamp.name });
  await expectFound(ids.one, ids.two);
  await find(page, { Status: "Confirmed", Product: mug.name });
  await expectFound(ids.mug);
  await find(page, { Status: "Failed", Product: mug.name });
  await expect(page.getByText("No such orders")).toBeVisible();
  await expectAccessibleByDayAndNight(page);
  const hour = (away: number) => new Date(Date.now() + away * 3_600_000).toISOString().slice(0, 16);
  await find(page, { Search: ada.email, From: hour(1) });
  await expect(page.getByText("No such orders")).toBeVisible();
  await find(page, { Search: ada.email, To: hour(-1) });
  await expect(page.getByText("No such orders")).toBeVisible();
  await page.getByRole("link", { name: "Show all" }).click();
  await expect(list.first()).toBeVisible();
  await find(page, { Product: lamp.name, From: hour(-1), To: hour(1) });
  await expectFound(ids.one, ids.two);
  // What it is narrowed to stands in the address.
  await page.reload();
  await expectFound(ids.one, ids.two);
});

test("orders are exported as they are narrowed", async ({ page, shop }) => {
  const { lamp, ids } = await someOrders(shop);
  await openConsole(page, shop, `/admin/orders?product_id=${lamp.id}`);
  await expect(rows(page, "Orders")).toHaveCount(2);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("orders.csv");
  const [head, ...lines] = readFileSync(await file.path(), "utf8").trimEnd().split(/\r?\n/);
  expect(head).toMatch(/^order_id,/);
  expect(lines.map((line) => line.split(",")[0]).sort()).toEqual([ids.two, ids.one].sort());
  for (const line of lines) expect(line).toContain(lamp.id);
  await told(page, "Exported");
});

test("an order shows its whole history, and is refunded once", async ({ page, shop }) => {
  const { ids, ada, lamp } = await someOrders(shop);
  const papers = () => shop.asAdmin<{ step: string }[]>("GET", `/api/admin/queue/steps?order_id=${ids.two}`).then((steps) => steps.map((step) => step.step));
  await expect.poll(papers).toEqual(["mail", "invoice", "confirm"]);
  await openConsole(page, shop, `/admin/orders?q=${ada.email}`);
  await page.getByRole("link", { name: ids.two }).click();
  await expect(page.getByRole("heading", { name: "Order", level: 1 })).toBeVisible();
  const facts = page.getByLabel("Facts");
  await expect(facts).toContainText("2 at €79.00");
  await expect(facts).toContainText("€158.00");
  const history = page.getByLabel("History").getByRole("listitem");
  await expect(history).toHaveText([/Pending$/, /Processing$/, /Confirmed$/]);
  const steps = rows(page, "Steps that ended");
  await expect(steps).toHaveText([/MailDone1/, /InvoiceDone1/, /ConfirmationDone1/]);
  await expect(steps.first()).not.toContainText("0.00 ms");
  await expectAccessibleByDayAndNight(page);

  await page.getByRole("button", { name: "Refund" }).click();
  const question = page.getByRole("alertdialog", { name: "Refund this order?" });
  await expect(question).toContainText("€158.00 go back to the buyer");
  await expectAccessibleByDayAndNight(page);
  await question.getByRole("button", { name: "Refund order" }).click();
  await told(page, "Refunded");
  await expect(history).toHaveText([/Pending$/, /Processing$/, /Confirmed$/, /Refunded$/]);
  await expect(page.getByRole("button", { name: "Refund" })).toHaveCount(0);
  await expect.poll(() => shop.call("GET", `/api/products/${lamp.id}`)).toMatchObject({ available: 9, sold: 1 });

  await facts.getByRole("link", { name: ada.id }).click();
  await expect(rows(page, "Orders")).toHaveCount(2);
  await page.goto(`${shop.url}/admin/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV`);
  await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
  await expect(table(page, "Steps that ended")).toHaveCount(0);
});
