import { buyButton, expect, expectAccessible, logIn, test } from "./support/fixtures.ts";

const alert = (page: import("@playwright/test").Page) => page.getByRole("alert");

test("too fast for a moment: counted down, then bought by itself", async ({ page, openShop }) => {
  const shop = await openShop({ RATE_LIMIT_FLASH_BUY: "1/3s" });
  const product = await shop.product();
  const buyer = await shop.buyer();
  await logIn(page, shop, buyer, `/p/${product.id}`);
  await shop.buy(buyer, product.id);
  await buyButton(page).click();
  const notice = page.getByRole("status").filter({ hasText: "Too fast" });
  await expect(notice.getByRole("timer")).toContainText(/second/);
  await page.waitForURL("**/orders/*");
  expect(await shop.call<unknown[]>("GET", "/api/orders", undefined, buyer.token)).toHaveLength(2);
});

test("too fast for longer: counted down, and the button opens at zero", async ({ page, openShop }) => {
  const shop = await openShop({ RATE_LIMIT_FLASH_BUY: "1/60s" });
  const product = await shop.product();
  const buyer = await shop.buyer();
  await page.clock.install();
  await logIn(page, shop, buyer, `/p/${product.id}`);
  await shop.buy(buyer, product.id);
  await buyButton(page).click();
  await expect(alert(page)).toContainText("Too fast");
  await expect(alert(page).getByRole("timer")).toContainText(/5\d seconds|1 minute/);
  await expect(buyButton(page)).toBeDisabled();
  await expectAccessible(page);
  await page.clock.fastForward(61_000);
  await expect(alert(page)).toContainText("You can try again now");
  await expect(buyButton(page)).toBeEnabled();
});

test("an overloaded shop is told, and asked again by itself", async ({ page, shop }) => {
  const product = await shop.product();
  await logIn(page, shop, await shop.buyer(), `/p/${product.id}`);
  const body = JSON.stringify({ detail: "Busy.", code: "overloaded", request_id: "x" });
  await page.route("**/api/flash-buy", (route) => route.fulfill({ status: 503, headers: { "Retry-After": "1", "Content-Type": "application/json" }, body }), { times: 1 });
  await buyButton(page).click();
  await expect(page.getByRole("status").filter({ hasText: "The shop is overloaded" })).toBeVisible();
  await page.waitForURL("**/orders/*");
});

test("who has as many as one may have is told so", async ({ page, shop }) => {
  const product = await shop.product({ per_user_limit: 1 });
  const buyer = await shop.buyer();
  await shop.buy(buyer, product.id);
  await logIn(page, shop, buyer, `/p/${product.id}`);
  await buyButton(page).click();
  await expect(alert(page)).toContainText("You have reached the limit");
  await expectAccessible(page);
  await alert(page).getByRole("link", { name: "See my orders" }).click();
  await expect(page.getByRole("heading", { name: "Orders" })).toBeVisible();
});

test("more than are left is not sold out", async ({ page, shop }) => {
  const product = await shop.product({ total: 1 });
  await logIn(page, shop, await shop.buyer(), `/p/${product.id}`);
  await page.getByRole("button", { name: "One more" }).click();
  await buyButton(page).click();
  await expect(alert(page)).toContainText("Not that many are left");
  await page.getByRole("button", { name: "One less" }).click();
  await buyButton(page).click();
  await page.waitForURL("**/orders/*");
});
