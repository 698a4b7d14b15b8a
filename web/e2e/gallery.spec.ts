import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type PagesServer, servePages } from "./support/pages-server.ts";
import { expect, expectAccessible, test } from "./support/fixtures.ts";

// Every component under the policy that the gateway sends: the console stays empty, and axe content.
const FOLDER = resolve(fileURLToPath(new URL("../dist-gallery", import.meta.url)));
let server: PagesServer;
test.beforeAll(async () => {
  server = await servePages(FOLDER, null);
});
test.afterAll(() => server.close());

for (const colorScheme of ["light", "dark"] as const) {
  test(`components in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.goto(`${server.url}/gallery.html`);
    await expect(page.getByRole("heading", { name: "Gallery" })).toBeVisible();
    await expect(page.locator("canvas")).toBeVisible();
    await expectAccessible(page);
  });
}

test("a dialog keeps the focus and gives it back", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(`${server.url}/gallery.html`);
  const opener = page.getByRole("button", { name: "Open dialog" });
  await opener.click();
  const dialog = page.getByRole("dialog", { name: "Restock" });
  await expect(dialog).toBeVisible();
  for (let i = 0; i < 6; i++) await page.keyboard.press("Tab");
  expect(await dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true);
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
});

test("a question is asked, answered and told in a toast", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.goto(`${server.url}/gallery.html`);
  await page.getByRole("button", { name: "Ask" }).click();
  const question = page.getByRole("alertdialog", { name: "Refund this order?" });
  await expect(question).toBeVisible();
  await expectAccessible(page);
  await question.getByRole("button", { name: "Refund order" }).click();
  await expect(question).toBeHidden();
  await expect(page.getByText("Refunded", { exact: true }).last()).toBeVisible();
});

test("a quantity stops at its cap", async ({ page }) => {
  await page.goto(`${server.url}/gallery.html`);
  const more = page.getByRole("button", { name: "One more" });
  await more.click();
  await more.click();
  await expect(page.getByLabel("Quantity")).toHaveValue("3");
  await expect(more).toBeDisabled();
});
