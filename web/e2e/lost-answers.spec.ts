import { buyButton, expect, loadedAhead, logIn, test } from "./support/fixtures.ts";
import { slowLine } from "./support/slow-line.ts";

const BUY = "**/api/flash-buy";

test("a server that dies in mid-buy and comes back has one order, and the page finds it", async ({ page, openShop }) => {
  const shop = await openShop();
  const product = await shop.product();
  const buyer = await shop.buyer();
  await logIn(page, shop, buyer, `/p/${product.id}`);
  await expect(buyButton(page)).toBeEnabled();
  await loadedAhead(page, "order");
  // The buy arrives, its answer is lost, and the server with it.
  await page.route(
    BUY,
    async (route) => {
      await route.fetch();
      await shop.kill();
      await route.abort();
    },
    { times: 1 },
  );
  await buyButton(page).click();
  await expect(page.getByText("The shop is slow to answer")).toBeVisible();
  await shop.start();
  await page.waitForURL("**/orders/*");
  await expect(page.getByRole("link", { name: "Aurora lamp" })).toBeVisible();
  expect(await shop.call<unknown[]>("GET", "/api/orders", undefined, buyer.token)).toHaveLength(1);
});

test("a page that is left in mid-buy finds its order when it comes back", async ({ page, shop }) => {
  const product = await shop.product();
  const buyer = await shop.buyer();
  const line = await slowLine(shop.url, (path) => (path === "/api/flash-buy" ? 2_000 : 0));
  try {
    await logIn(page, line, buyer, `/p/${product.id}`);
    await buyButton(page).click();
    await expect.poll(async () => (await shop.call<unknown[]>("GET", "/api/orders", undefined, buyer.token)).length).toBe(1);
    await page.reload();
    await page.waitForURL("**/orders/*");
    expect(line.asked.filter((path) => path === "/api/flash-buy")).toHaveLength(1);
    expect(await shop.call<unknown[]>("GET", "/api/orders", undefined, buyer.token)).toHaveLength(1);
  } finally {
    await line.close();
  }
});

test("a click that never arrived keeps its key and its quantity over a reload", async ({ page, shop }) => {
  const product = await shop.product();
  const buyer = await shop.buyer();
  const keys: string[] = [];
  page.on("request", (request) => request.url().endsWith("/api/flash-buy") && keys.push(request.headers()["idempotency-key"]!));
  await logIn(page, shop, buyer, `/p/${product.id}`);
  await page.getByRole("button", { name: "One more" }).click();
  await page.route(BUY, (route) => route.abort());
  await buyButton(page).click();
  await expect(page.getByText("The shop is slow to answer")).toBeVisible();
  await page.reload();
  await expect(page.getByText("Your last click has not arrived so far")).toBeVisible();
  // Another quantity under another key, while the first may still travel, could buy twice.
  await expect(page.getByLabel("Quantity")).toHaveValue("2");
  await expect(page.getByLabel("Quantity")).toBeDisabled();
  await expect(page.getByText("Until it has one the quantity stays")).toBeVisible();
  await page.unroute(BUY);
  await buyButton(page).click();
  await page.waitForURL("**/orders/*");
  expect(new Set(keys).size).toBe(1);
  expect(await shop.call("GET", "/api/orders", undefined, buyer.token)).toMatchObject([{ quantity: 2 }]);
  // That one is settled: the next click is another buy.
  await page.goto(`${shop.url}/p/${product.id}`);
  await expect(page.getByLabel("Quantity")).toBeEnabled();
  await buyButton(page).click();
  await page.waitForURL("**/orders/*");
  expect(new Set(keys).size).toBe(2);
});
