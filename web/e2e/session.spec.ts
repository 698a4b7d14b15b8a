import { expect, logIn, test } from "./support/fixtures.ts";
import { slowLine } from "./support/slow-line.ts";

const REFRESH = "/api/auth/refresh";

test("tokens are nowhere in the browser's storage", async ({ context, page, shop }) => {
  await logIn(page, shop, await shop.buyer(), "/orders");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  expect(kept).not.toMatch(/eyJ|smr_/);
  expect((await context.cookies()).map((cookie) => cookie.httpOnly)).toEqual([true]);
});

test("a login outlives a reload, and many tabs that open together", async ({ context, page, shop }) => {
  await logIn(page, shop, await shop.buyer(), "/orders");
  await page.reload();
  const tabs = [page, ...(await Promise.all(Array.from({ length: 4 }, () => context.newPage())))];
  await Promise.all(tabs.map((tab) => tab.goto(`${shop.url}/orders`)));
  for (const tab of tabs) await expect(tab.getByRole("link", { name: "Account" })).toBeVisible();
  // One tab forgets the login, as a logout does: all do.
  await page.evaluate(() => localStorage.removeItem("scalemart.login"));
  for (const tab of tabs.slice(1)) await expect(tab.getByRole("navigation", { name: "Shop" }).getByRole("link", { name: "Log in" })).toBeVisible();
});

test("a login outlives a reload in mid-refresh", async ({ page, shop }) => {
  // The refresh arrives, its token is used up, and the page is gone before the answer with the next one comes.
  const line = await slowLine(shop.url, (path) => (path === REFRESH ? 500 : 0));
  const refreshes = () => line.asked.filter((path) => path === REFRESH).length;
  try {
    await logIn(page, line, await shop.buyer(), "/orders");
    await page.reload({ waitUntil: "commit" });
    await expect.poll(refreshes).toBe(1);
    const second = page.waitForResponse((response) => response.url().endsWith(REFRESH));
    await page.reload();
    expect((await second).status()).toBe(200);
    // Not only answered: the next reload has a cookie that is good.
    await page.waitForLoadState("networkidle");
    const third = page.waitForResponse((response) => response.url().endsWith(REFRESH));
    await page.reload();
    expect((await third).status()).toBe(200);
  } finally {
    await line.close();
  }
});
