// `npm run shots`: pictures of the main pages, light and dark, desk and phone, in the folder SCALEMART_SHOTS.
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ADMIN, expect, logIn, test } from "./support/fixtures.ts";
import { type PagesServer, servePages } from "./support/pages-server.ts";

const SHOTS = process.env["SCALEMART_SHOTS"] ?? "test-results/shots";
const SIZES = { desk: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

test.beforeAll(() => void mkdirSync(SHOTS, { recursive: true }));

for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"] as const) {
    const name = (page: string) => `${SHOTS}/${page}-${size}-${colorScheme}.png`;
    test.describe(`${size} ${colorScheme}`, () => {
      test.use({ viewport, colorScheme, hasTouch: size === "phone", isMobile: size === "phone", contextOptions: { reducedMotion: "reduce" } });

      test("storefront", async ({ page, shop }) => {
        await shop.product();
        for (const [title, path] of [["home", "/"], ["login", "/login"], ["nowhere", "/nowhere"]] as const) {
          await page.goto(shop.url + path, { waitUntil: "networkidle" });
          await page.screenshot({ path: name(title) });
        }
      });

      test("console", async ({ page, shop }) => {
        await logIn(page, shop, ADMIN, "/admin");
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await page.screenshot({ path: name("console") });
      });

      test("gallery", async ({ page }) => {
        const server: PagesServer = await servePages(resolve(fileURLToPath(new URL("../dist-gallery", import.meta.url))), null);
        await page.goto(`${server.url}/gallery.html`, { waitUntil: "networkidle" });
        await page.screenshot({ path: name("gallery"), fullPage: true });
        await server.close();
      });
    });
  }
}
