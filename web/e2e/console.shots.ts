// `npm run shots`: every page of the console in the middle of a sale, at a desk, on the wall and on a phone, dark and light.
import { mkdirSync } from "node:fs";
import type { Page } from "@playwright/test";
import { ADMIN, expect, logIn, type Shop, test } from "./support/fixtures.ts";
import { holdSale } from "./support/sale.ts";

const SHOTS = process.env["SCALEMART_SHOTS"] ?? "test-results/shots";
const SIZES = { desk: { width: 1440, height: 900 }, wall: { width: 1920, height: 1080 }, phone: { width: 390, height: 844 } };

test.use({ contextOptions: { reducedMotion: "reduce" } });
test.setTimeout(300_000);

test("console", async ({ page, openShop }) => {
  mkdirSync(SHOTS, { recursive: true });
  const shop = await openShop({ PAYMENT: "simulated:?latency=2s&decline=2%&reject=2%", RATE_LIMIT_FLASH_BUY: "10/60s" });
  await stock(shop);
  const opening = await holdSale(shop, { product: "first-pressing", buyers: 200, rate: 100, duration: "6s" });
  await shop.asAdmin("PATCH", "/api/admin/products/first-pressing", { list_price_minor: 3_900 });
  await logIn(page, shop, ADMIN, "/admin");
  const sale = holdSale(shop, { product: "aurora-lamp", buyers: 2_000, rate: 60, duration: "60s" });
  await expect(page.getByText("Sold out", { exact: true }).first()).toBeVisible();
  await page.waitForTimeout(20_000); // a picture needs a past

  const visits: [string, string, (() => Promise<unknown>)?][] = [
    ["monitor", "/admin", () => expect(page.getByLabel("Orders by state").getByText("Confirmed")).toBeVisible()],
    ["queue", "/admin/queue", () => expect(page.getByRole("region", { name: "Dead letters" })).toBeVisible()],
    ["products", "/admin/products", () => expect(page.getByRole("region", { name: "Products" })).toBeVisible()],
    ["orders", "/admin/orders", () => expect(page.getByRole("region", { name: "Orders" })).toBeVisible()],
    ["limits", "/admin/limits", () => expect(page.getByRole("region", { name: "Rate limits" })).toBeVisible()],
    ["audit", "/admin/audit", () => expect(page.getByRole("region", { name: "Audit trail" })).toBeVisible()],
    ["rehearsals", "/admin/rehearsals", () => page.getByLabel("Report of a rehearsal").setInputFiles(opening)],
    ["rehearsals-none", "/admin/rehearsals"],
    ["order", "/admin/orders", () => page.getByRole("region", { name: "Orders" }).getByRole("link").nth(40).click()],
    ["product-form", "/admin/products", () => wrongProduct(page)],
    ["restock", "/admin/products", () => page.getByRole("button", { name: "Restock Aurora lamp" }).click()],
    ["discard", "/admin/queue", () => page.getByRole("button", { name: "Discard all" }).click()],
    ["nothing", "/admin/orders?q=nobody@example.com", () => expect(page.getByText("No such orders")).toBeVisible()],
  ];
  for (const [name, path, ready] of visits) {
    await page.goto(shop.url + path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await ready?.();
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      for (const colorScheme of ["dark", "light"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.waitForTimeout(300); // canvases follow
        await page.screenshot({ path: `${SHOTS}/${name}-${size}-${colorScheme}.png` });
      }
    }
  }
  await sale;
});

async function stock(shop: Shop): Promise<void> {
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  await shop.product({ id: "aurora-lamp", total: 2_000, per_user_limit: 2 });
  await shop.product({ id: "first-pressing", name: "First pressing", description: "The first hundred and fifty, numbered by hand.", image_url: "/art/first-pressing.svg", total: 150, list_price_minor: null, sale_price_minor: 3_400 });
  await shop.product({ id: "night-train-poster", name: "Night train poster", description: "Two colours, on heavy paper.", image_url: "/art/night-train-poster.svg", total: 200, list_price_minor: 4_500, sale_price_minor: 2_900, starts_at: soon });
}

async function wrongProduct(page: Page): Promise<void> {
  await page.getByRole("button", { name: "New product" }).click();
  await page.getByLabel("Id").fill("Night Train");
  await page.getByLabel("Name").fill("Night train poster");
  await page.getByLabel("Units for sale").fill("200");
  await page.getByLabel("Price in the sale").fill("29");
  await page.getByRole("button", { name: "Create product" }).click();
  await expect(page.locator(".field-error").first()).toBeVisible();
}
