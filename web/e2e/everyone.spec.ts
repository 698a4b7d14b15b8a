// A phone, a keyboard, a screen reader, an eye that does not like things to move.
import type { Locator, Page } from "@playwright/test";
import { buyButton, expect, expectAccessible, logIn, type Shop, test } from "./support/fixtures.ts";

/** Nothing to the right of the screen, and nothing too small for a finger (WCAG 2.5.8; links within sentences may be). */
async function expectFits(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
  const small = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("a, button, input, select, textarea, label:has(input)")]
      .filter((one) => one.closest("p, .skip-link") === null && one.checkVisibility() && getComputedStyle(one).opacity !== "0")
      .map((one) => ({ text: one.outerHTML.slice(0, 120), box: one.getBoundingClientRect(), whole: getComputedStyle(one, "::after").position === "absolute" }))
      .filter(({ box, whole }) => !whole && box.width > 1 && (box.width < 24 || box.height < 24))
      .map(({ text, box }) => `${Math.round(box.width)} x ${Math.round(box.height)}: ${text}`),
  );
  expect(small).toEqual([]);
}

test.describe("on a phone", () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test("a whole buy fits", async ({ page, shop }) => {
    const product = await shop.product({ name: "Lamp of the long northern winter nights", list_price_minor: 129_900_00, sale_price_minor: 99_900_00 });
    const buyer = await shop.buyer();
    await page.goto(shop.url);
    await expectFits(page);
    await page.locator(`a[href="/p/${product.id}"]`).tap();
    await expect(buyButton(page)).toBeEnabled();
    await expectFits(page);
    await page.getByRole("button", { name: "One more" }).tap();
    await buyButton(page).tap();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await expectFits(page);
    await page.getByLabel("E-mail").fill(buyer.email);
    await page.getByLabel("Password").fill(buyer.password);
    await page.getByRole("button", { name: "Log in" }).tap();
    await buyButton(page).tap();
    await page.waitForURL("**/orders/*");
    await expectFits(page);
    await expect(page.getByText("Paid. The invoice is ready.")).toBeVisible();
    await expectFits(page);
    await page.getByRole("link", { name: "Orders" }).tap();
    await expect(page.getByRole("list", { name: "My orders" })).toBeVisible();
    await expectFits(page);
    await page.getByRole("link", { name: "Account" }).tap();
    await expect(page.getByRole("heading", { name: "Change password" })).toBeVisible();
    await expectFits(page);
    await page.goto(`${shop.url}/register`);
    await expect(page.getByRole("heading", { name: "Open an account" })).toBeVisible();
    await expectFits(page);
  });
});

async function tabTo(page: Page, wanted: Locator): Promise<void> {
  for (let stops = 0; stops < 60; stops++) {
    await page.keyboard.press("Tab");
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error("the keyboard does not get there");
}

test("a whole buy by keyboard alone", async ({ page, shop }) => {
  const product = await shop.product();
  const buyer = await shop.buyer();
  await page.goto(shop.url);
  const card = page.locator(`a[href="/p/${product.id}"]`);
  await expect(card).toBeVisible();
  await tabTo(page, card);
  await page.keyboard.press("Enter");
  await expect(buyButton(page)).toBeEnabled();
  await tabTo(page, page.getByLabel("Quantity"));
  await page.keyboard.press("ArrowUp");
  await tabTo(page, buyButton(page));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await tabTo(page, page.getByLabel("E-mail"));
  await page.keyboard.type(buyer.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(buyer.password);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${shop.url}/p/${product.id}?q=2`);
  await expect(buyButton(page)).toHaveText("Buy for €158.00");
  await tabTo(page, buyButton(page));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/orders/*");
  await expect(page.locator("main")).toBeFocused();
  await tabTo(page, page.getByRole("button", { name: "Download invoice" }));
  const file = page.waitForEvent("download");
  await page.keyboard.press("Enter");
  await file;
});

test("who asked for less motion gets none", async ({ page, shop }) => {
  const product = await shop.product();
  const moving = () =>
    page.evaluate(() => {
      const ms = (text: string) => Math.max(...text.split(",").map((one) => Number.parseFloat(one) * (one.trim().endsWith("ms") ? 1 : 1_000)));
      return [...document.querySelectorAll("*")].filter((one) => ms(getComputedStyle(one).transitionDuration) > 1 || ms(getComputedStyle(one).animationDuration) > 1).length;
    });
  for (const path of ["/", `/p/${product.id}`]) {
    await page.emulateMedia({ reducedMotion: "no-preference" });
    await page.goto(shop.url + path);
    await expect(page.locator(".stock").first()).toBeVisible();
    expect(await moving()).toBeGreaterThan(0);
    await page.emulateMedia({ reducedMotion: "reduce" });
    expect(await moving()).toBe(0);
  }
});

async function stage(shop: Shop) {
  const buyer = await shop.buyer();
  const live = await shop.product({ per_user_limit: 2, ends_at: new Date(Date.now() + 3_600_000).toISOString() });
  const coming = await shop.product({ starts_at: new Date(Date.now() + 3_600_000).toISOString() });
  const over = await shop.product({ total: 0 });
  const { order_id } = await shop.buy(buyer, live.id, 2);
  return { buyer, live, coming, over, order_id };
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing on any page in ${colorScheme}`, async ({ page, shop }) => {
    test.setTimeout(60_000);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { buyer, live, coming, over, order_id } = await stage(shop);
    const check = async (path: string, shown: Locator) => {
      await page.goto(shop.url + path);
      await expect(shown).toBeVisible();
      await expectAccessible(page);
    };
    for (const path of ["/login", "/register", "/orders", "/account", "/nowhere"]) await check(path, page.locator("main").getByRole("heading", { level: 1 }));
    await logIn(page, shop, buyer);
    await check("/", page.getByRole("region", { name: "Live now" }));
    await check(`/p/${coming.id}`, page.getByRole("button", { name: "Not started yet" }));
    await check(`/p/${over.id}`, page.getByRole("button", { name: "Sold out" }));
    await check(`/p/${live.id}`, buyButton(page));
    await buyButton(page).click();
    await expect(page.getByRole("alert")).toContainText("reached the limit");
    await expectAccessible(page);
    await check("/orders", page.getByRole("list", { name: "My orders" }));
    await check(`/orders/${order_id}`, page.getByRole("list", { name: "Timeline" }));
    await check("/account", page.getByRole("heading", { name: "Change password" }));
  });
}
