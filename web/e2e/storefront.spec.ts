import { expect, expectAccessible, logIn, test } from "./support/fixtures.ts";

test("a buy is confirmed, and its timeline moves", async ({ page, shop }) => {
  const product = await shop.product();
  await logIn(page, shop, await shop.buyer(), `/p/${product.id}`);
  await expect(page.getByRole("button", { name: /^Buy for/ })).toBeEnabled();
  await expectAccessible(page);
  await page.getByRole("button", { name: /^Buy for/ }).click();
  await page.waitForURL("**/orders/*");
  await expect(page.getByRole("listitem").filter({ hasText: "Confirmed" })).toHaveAttribute("aria-current", "step");
  await expectAccessible(page);
  const file = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download invoice" }).click();
  expect((await file).suggestedFilename()).toMatch(/^invoice-.*\.pdf$/);
});

test("a double click buys once", async ({ page, shop }) => {
  const product = await shop.product();
  const buyer = await shop.buyer();
  await logIn(page, shop, buyer, `/p/${product.id}`);
  await page.getByRole("button", { name: /^Buy for/ }).dblclick();
  await page.waitForURL("**/orders/*");
  expect(await shop.call<unknown[]>("GET", "/api/orders", undefined, buyer.token)).toHaveLength(1);
});

test("the last unit goes while one looks", async ({ page, shop }) => {
  const product = await shop.product({ total: 1 });
  await logIn(page, shop, await shop.buyer(), `/p/${product.id}`);
  await expect(page.getByRole("button", { name: /^Buy for/ })).toBeEnabled();
  await shop.buy(await shop.buyer(), product.id);
  await expect(page.getByRole("button", { name: /^Sold out/ })).toBeDisabled();
  await expectAccessible(page);
});

test("a server that dies in mid-buy and comes back has one order, and the page finds it", async ({ page, openShop }) => {
  const shop = await openShop();
  const product = await shop.product();
  const buyer = await shop.buyer();
  await logIn(page, shop, buyer, `/p/${product.id}`);
  await expect(page.getByRole("button", { name: /^Buy for/ })).toBeEnabled();
  // The buy arrives, its answer is lost, and the server with it.
  await page.route(
    "**/api/flash-buy",
    async (route) => {
      await route.fetch();
      await shop.kill();
      await route.abort();
    },
    { times: 1 },
  );
  await page.getByRole("button", { name: /^Buy for/ }).click();
  await expect(page.getByText("The shop is slow to answer")).toBeVisible();
  await shop.start();
  await page.waitForURL("**/orders/*");
  expect(await shop.call<unknown[]>("GET", "/api/orders", undefined, buyer.token)).toHaveLength(1);
});
