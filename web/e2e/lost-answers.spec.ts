import { buyButton, expect, loadedAhead, logIn, saveData, test } from "./support/fixtures.ts";
import { slowLine } from "./support/slow-line.ts";

const BUY = "**/api/flash-buy";

for (const [name, isAhead] of [["", true], [", also where nothing is loaded ahead", false]] as const) {
  test(`a server that dies in mid-buy and comes back has one order, and the page finds it${name}`, async ({ page, openShop }) => {
    const shop = await openShop();
    const product = await shop.product();
    const buyer = await shop.buyer();
    if (!isAhead) await saveData(page);
    await logIn(page, shop, buyer, `/p/${product.id}`);
    await expect(buyButton(page)).toBeEnabled();
    if (isAhead) await loadedAhead(page);
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
}

for (const isAhead of [true, false]) {
  test.describe(isAhead ? "with the next page's code here" : "with the next page's code not here yet", () => {
    test.use({ mayFail: /\/assets\/|\/healthz$|\/favicon\.svg$/ });

    test("a server that dies with its answer is waited for, and the order shown", async ({ page, openShop }) => {
      const shop = await openShop();
      const product = await shop.product();
      if (!isAhead) await saveData(page);
      await logIn(page, shop, await shop.buyer(), `/p/${product.id}`);
      await expect(buyButton(page)).toBeEnabled();
      if (isAhead) await loadedAhead(page);
      await page.route(BUY, async (route) => {
        const response = await route.fetch();
        await shop.kill();
        await route.fulfill({ response });
      });
      await buyButton(page).click();
      await expect(page.getByText(isAhead ? "The order cannot be shown just now" : "The shop cannot be reached")).toBeVisible();
      await shop.start();
      await expect(page.getByRole("link", { name: "Aurora lamp" })).toBeVisible();
      await expect(page.getByRole("list", { name: "Timeline" })).toBeVisible();
    });
  });
}

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
