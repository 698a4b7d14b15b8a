import { expect, loadedAhead, saveData, test } from "./support/fixtures.ts";

const PRODUCT_CODE = "**/assets/product-*.js";
test.use({ mayFail: /\/assets\/product-|\/healthz$/ });

test("a style that did not come ahead is asked for again when it is needed", async ({ page, shop }) => {
  const product = await shop.product();
  let refused = 0;
  await page.route("**/assets/product-*.css", (route) => (refused++ < 1 ? route.abort() : route.continue()));
  await page.goto(shop.url);
  await loadedAhead(page);
  expect(refused).toBe(1);
  await page.locator(`a[href="/p/${product.id}"]`).click();
  await expect(page.getByRole("heading", { name: "Aurora lamp" })).toBeVisible();
  expect(await page.locator("main article").evaluate((article) => getComputedStyle(article).display)).toBe("grid");
  expect(refused).toBe(2);
});

test.describe("nothing is loaded ahead: the code of a page is asked for when the page is", () => {
  test.beforeEach(({ page }) => saveData(page));

  test("a page whose code did not come waits for the shop and loads itself", async ({ page, shop }) => {
    const product = await shop.product();
    let isAway = true;
    await page.route(/\/assets\/product-.*\.js$|\/healthz$/, (route) => (isAway ? route.abort() : route.continue()));
    await page.goto(shop.url);
    await page.locator(`a[href="/p/${product.id}"]`).click();
    await expect(page.getByRole("heading", { name: "The shop cannot be reached" })).toBeVisible();
    isAway = false;
    await expect(page.getByRole("heading", { name: "Aurora lamp" })).toBeVisible();
    expect(new URL(page.url()).pathname).toBe(`/p/${product.id}`);
  });

  test("after a deployment the old page takes the new one's code, at once", async ({ page, shop }) => {
    const product = await shop.product();
    await page.goto(shop.url);
    await page.route(PRODUCT_CODE, (route) => route.fulfill({ status: 404, body: "" }), { times: 1 });
    await page.locator(`a[href="/p/${product.id}"]`).click();
    await expect(page.getByRole("heading", { name: "Aurora lamp" })).toBeVisible();
  });

  test("code that is nowhere is told, not asked for in a loop", async ({ page, shop }) => {
    const product = await shop.product();
    await page.goto(shop.url);
    let loads = 0;
    page.on("request", (request) => request.isNavigationRequest() && (loads += 1));
    await page.route(PRODUCT_CODE, (route) => route.fulfill({ status: 404, body: "" }));
    await page.locator(`a[href="/p/${product.id}"]`).click();
    await expect(page.getByRole("heading", { name: "This page cannot be loaded" })).toBeVisible();
    expect(loads).toBe(1);
    await page.unroute(PRODUCT_CODE);
    await page.getByRole("button", { name: "Load it again" }).click();
    await expect(page.getByRole("heading", { name: "Aurora lamp" })).toBeVisible();
  });
});
