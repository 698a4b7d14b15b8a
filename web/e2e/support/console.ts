import { expect, type Locator, type Page } from "@playwright/test";
import type { components } from "../../src/shared/api/schema.ts";
import { ADMIN, expectAccessible, logIn } from "./fixtures.ts";
import type { Buyer, Shop } from "./shop.ts";

export type Stats = components["schemas"]["Stats"];

/** As the administrator, with the page's heading there. */
export async function openConsole(page: Page, shop: Shop, path: string): Promise<void> {
  await logIn(page, shop, ADMIN, path);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
}

/** axe, in light and in dark. */
export async function expectAccessibleByDayAndNight(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expectAccessible(page);
  }
}

export const table = (page: Page, name: string): Locator => page.getByRole("region", { name, exact: true });
export const rows = (page: Page, name: string): Locator => table(page, name).locator("tbody tr");
/** What was done is told in a toast. */
export const told = (page: Page, text: string | RegExp): Promise<void> => expect(page.locator(".toast-title").filter({ hasText: text }).first()).toBeVisible();

/** Buys, and waits until the order came to this end. Its id. */
export async function buyUntil(shop: Shop, who: Buyer, product: string, status: "confirmed" | "processing", quantity = 1): Promise<string> {
  const { order_id } = await shop.buy(who, product, quantity);
  await expect.poll(async () => (await shop.call<{ status: string }>("GET", `/api/orders/${order_id}`, undefined, who.token)).status).toBe(status);
  return order_id;
}
