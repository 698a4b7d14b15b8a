import { buyButton, expect, expectAccessible, loadedAhead, logIn, test } from "./support/fixtures.ts";

test("a double click buys once", async ({ page, shop }) => {
  const product = await shop.product();
  const buyer = await shop.buyer();
  await logIn(page, shop, buyer, `/p/${product.id}`);
  await buyButton(page).dblclick();
  await page.waitForURL("**/orders/*");
  expect(await shop.call<unknown[]>("GET", "/api/orders", undefined, buyer.token)).toHaveLength(1);
});

test("the last unit goes while one looks", async ({ page, shop }) => {
  const product = await shop.product({ total: 1 });
  await logIn(page, shop, await shop.buyer(), `/p/${product.id}`);
  await expect(buyButton(page)).toBeEnabled();
  await shop.buy(await shop.buyer(), product.id);
  await expect(page.getByRole("button", { name: /^Sold out/ })).toBeDisabled();
  await expectAccessible(page);
});

test("sold out for now, and on sale again when a unit comes back", async ({ page, openShop }) => {
  const shop = await openShop();
  await shop.asAdmin("POST", "/api/admin/queue/pause");
  const product = await shop.product({ total: 1 });
  const other = await shop.buyer();
  const { order_id } = await shop.buy(other, product.id);
  await logIn(page, shop, await shop.buyer(), `/p/${product.id}`);
  await expect(page.getByRole("button", { name: "Sold out for now" })).toBeDisabled();
  await expect(page.getByRole("status").filter({ hasText: "Stay on this page" })).toBeVisible();
  await shop.call("POST", `/api/orders/${order_id}/cancel`, undefined, other.token);
  await expect(buyButton(page)).toBeEnabled();
  await expect(page.getByText("1 of 1 left")).toBeVisible();
});

test("a paused sale says so and goes on by itself", async ({ page, shop }) => {
  const product = await shop.product();
  await logIn(page, shop, await shop.buyer(), `/p/${product.id}`);
  await expect(buyButton(page)).toBeEnabled();
  await shop.asAdmin("POST", `/api/admin/products/${product.id}/pause`);
  await expect(page.getByRole("button", { name: "Paused" })).toBeDisabled();
  await expect(page.getByText("This page goes on by itself")).toBeVisible();
  await expectAccessible(page);
  await shop.asAdmin("POST", `/api/admin/products/${product.id}/resume`);
  await expect(buyButton(page)).toBeEnabled();
});

test("a guest is sent to the login and comes back with the chosen quantity", async ({ page, shop }) => {
  const product = await shop.product();
  const buyer = await shop.buyer();
  await page.goto(`${shop.url}/p/${product.id}`);
  await page.getByRole("button", { name: "One more" }).click();
  await page.getByRole("button", { name: "Buy for €158.00" }).click();
  await page.getByLabel("E-mail").fill(buyer.email);
  await page.getByLabel("Password").fill(buyer.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByLabel("Quantity")).toHaveValue("2");
  await page.getByRole("button", { name: "Buy for €158.00" }).click();
  await page.waitForURL("**/orders/*");
  expect(await shop.call("GET", "/api/orders", undefined, buyer.token)).toMatchObject([{ quantity: 2 }]);
});

test("a picture of another host has a stand-in, and nobody is asked", async ({ page, shop }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  const product = await shop.product({ image_url: "https://pictures.example/lamp.jpg" });
  for (const path of ["/", `/p/${product.id}`]) {
    await page.goto(shop.url + path);
    const picture = path === "/" ? page.locator("article").filter({ has: page.locator(`a[href="/p/${product.id}"]`) }).locator("img") : page.locator("article img");
    await picture.scrollIntoViewIfNeeded();
    await expect(picture).toHaveAttribute("src", "/art/placeholder.svg");
    await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  }
  expect(asked.filter((url) => !url.startsWith(shop.url))).toEqual([]);
});

test("the stream is lost and found, and the page says so", async ({ page, openShop }) => {
  const shop = await openShop();
  const product = await shop.product();
  await page.goto(`${shop.url}/p/${product.id}`);
  const pill = page.getByRole("status").filter({ hasText: /^(Live|Reconnecting|Connecting)$/ });
  await expect(pill).toHaveText("Live");
  await loadedAhead(page);
  await shop.kill();
  await expect(pill).toHaveText("Reconnecting");
  await shop.start();
  await shop.asAdmin("POST", `/api/admin/products/${product.id}/stock`, { delta: -3, reason: "three were broken" });
  await expect(pill).toHaveText("Live");
  await expect(page.getByText("7 of 7 left")).toBeVisible();
});
