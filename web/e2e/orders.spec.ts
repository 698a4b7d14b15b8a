import { buyButton, expect, expectAccessible, logIn, test } from "./support/fixtures.ts";

const step = (page: import("@playwright/test").Page, name: string) => page.getByRole("list", { name: "Timeline" }).getByRole("listitem").filter({ hasText: name });

test("a buy is confirmed, and its timeline moves", async ({ page, openShop }) => {
  const shop = await openShop({ PAYMENT: "simulated:?latency=2s&decline=0%" });
  await shop.asAdmin("POST", "/api/admin/queue/pause");
  const product = await shop.product();
  await logIn(page, shop, await shop.buyer(), `/p/${product.id}`);
  await expectAccessible(page);
  await buyButton(page).click();
  await page.waitForURL("**/orders/*");
  await expect(step(page, "Pending")).toHaveAttribute("aria-current", "step");
  await expect(step(page, "Processing")).toContainText("Not yet");
  await expect(page.getByRole("status").filter({ hasText: /^Live$/ })).toBeVisible();
  await shop.asAdmin("POST", "/api/admin/queue/resume");
  await expect(step(page, "Processing")).toHaveAttribute("aria-current", "step");
  await expect(page.getByRole("button", { name: "Cancel order" })).toBeHidden();
  await expect(step(page, "Confirmed")).toContainText("Not yet");
  await expect(step(page, "Confirmed")).toHaveAttribute("aria-current", "step");
  await expect(step(page, "Confirmed")).not.toContainText("Not yet");
  await expectAccessible(page);
  const file = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download invoice" }).click();
  expect((await file).suggestedFilename()).toMatch(/^invoice-.*\.pdf$/);
});

test("where buyers pay by themselves, an order says until when, is paid by its button, or expires", async ({ page, openShop }) => {
  const shop = await openShop({ PAYMENT: "simulated:?latency=50ms&decline=0%", PAYMENT_MODE: "buyer", HOLD: "20s" });
  const product = await shop.product();
  const buyer = await shop.buyer();
  const { order_id } = await shop.buy(buyer, product.id);
  await logIn(page, shop, buyer, `/orders/${order_id}`);
  const pay = page.getByRole("button", { name: "Pay now" });
  await expect(page.getByText(/^Pay .* to keep your units$/)).toBeVisible();
  await expectAccessible(page);
  await pay.click();
  await expect(step(page, "Confirmed")).toHaveAttribute("aria-current", "step");
  await expect(pay).toBeHidden();
  await expectAccessible(page);
  const late = await shop.buy(buyer, product.id);
  await page.goto(`${shop.url}/orders/${late.order_id}`);
  await expect(pay).toBeVisible();
  await expect(step(page, "Expired")).toHaveAttribute("aria-current", "step", { timeout: 60_000 });
  await expect(pay).toBeHidden();
});

test("an order is cancelled while it is pending, and its units are back at once", async ({ page, openShop }) => {
  const shop = await openShop();
  await shop.asAdmin("POST", "/api/admin/queue/pause");
  const product = await shop.product();
  const buyer = await shop.buyer();
  const { order_id } = await shop.buy(buyer, product.id, 3);
  await logIn(page, shop, buyer, `/orders/${order_id}`);
  const asks = page.locator("main").getByRole("button", { name: "Cancel order" });
  await asks.click();
  const dialog = page.getByRole("alertdialog", { name: "Cancel this order?" });
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Go back" }).click();
  await expect(asks).toBeFocused();
  await asks.click();
  await dialog.getByRole("button", { name: "Cancel order" }).click();
  await expect(step(page, "Cancelled")).toHaveAttribute("aria-current", "step");
  await expect(dialog).toBeHidden();
  // The button is gone; the keyboard goes on from the page, not from nowhere.
  await expect(page.locator("main :focus")).toHaveCount(1);
  expect(await shop.call("GET", `/api/products/${product.id}`)).toMatchObject({ available: 10, held: 0 });
});

test("an order that is on its way meanwhile cannot be cancelled, and the page says so", async ({ page, openShop }) => {
  const shop = await openShop();
  await shop.asAdmin("POST", "/api/admin/queue/pause");
  const product = await shop.product();
  const buyer = await shop.buyer();
  const { order_id } = await shop.buy(buyer, product.id);
  await page.route("**/events", (route) => route.abort());
  await logIn(page, shop, buyer, `/orders/${order_id}`);
  await page.getByRole("button", { name: "Cancel order" }).click();
  await shop.asAdmin("POST", "/api/admin/queue/resume");
  await expect.poll(async () => (await shop.call<{ status: string }>("GET", `/api/orders/${order_id}`, undefined, buyer.token)).status).toBe("confirmed");
  await page.getByRole("alertdialog").getByRole("button", { name: "Cancel order" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(step(page, "Confirmed")).toHaveAttribute("aria-current", "step");
});

test("orders are listed by name and picture, newest first, older ones on request", async ({ page, shop }) => {
  const [lamp, mug] = [await shop.product({ total: 100 }), await shop.product({ name: "Harbour mug", image_url: "/art/first-pressing.svg" })];
  const buyer = await shop.buyer();
  await Promise.all(Array.from({ length: 20 }, () => shop.buy(buyer, lamp.id)));
  await shop.buy(buyer, mug.id, 2);
  await logIn(page, shop, buyer, "/orders");
  const rows = page.getByRole("list", { name: "My orders" }).getByRole("listitem");
  await expect(rows).toHaveCount(20);
  await expect(rows.first()).toContainText("Harbour mug");
  await expect(rows.first()).toContainText("€158.00");
  await expect(rows.first().locator("img")).toHaveAttribute("src", /first-pressing\.svg$/);
  await page.getByRole("button", { name: "Show older orders" }).click();
  await expect(rows).toHaveCount(21);
  await rows.first().getByRole("link").click();
  await expect(page.getByRole("link", { name: "Harbour mug" })).toHaveAttribute("href", `/p/${mug.id}`);
  await expect(page.locator("main img")).toHaveAttribute("src", /first-pressing\.svg$/);
});

test("another buyer's order is nowhere", async ({ page, shop }) => {
  const { order_id } = await shop.buy(await shop.buyer(), (await shop.product()).id);
  await logIn(page, shop, await shop.buyer(), `/orders/${order_id}`);
  await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
});
