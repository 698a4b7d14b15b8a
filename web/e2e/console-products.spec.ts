import { randomBytes } from "node:crypto";
import type { Page } from "@playwright/test";
import { expectAccessibleByDayAndNight, openConsole, rows, told } from "./support/console.ts";
import { expect, test } from "./support/fixtures.ts";

/** "2026-11-27T10:00", in the browser's zone: UTC here. Without seconds, because the field itself leaves ":00" away. */
const localField = (inHours: number) => new Date(Date.now() + inHours * 3_600_000).toISOString().slice(0, 16);

const newId = () => `tin-robot-${randomBytes(3).toString("hex")}`;

/** The dialog that is open, and the product's row. */
function parts(page: Page, id: string) {
  const dialog = page.getByRole("dialog");
  return {
    dialog,
    save: dialog.getByRole("button", { name: /^(Create product|Save changes|Change stock)$/ }),
    field: (label: string) => dialog.getByLabel(label, { exact: true }),
    product: rows(page, "Products").filter({ hasText: id }),
  };
}

test("a product is created and scheduled; what is wrong is told at its field", async ({ page, shop }) => {
  const id = newId();
  const { save, field, product } = parts(page, id);
  await openConsole(page, shop, "/admin/products");
  await page.getByRole("button", { name: "New product" }).click();

  // What the page can see by itself, and what only the server knows, both at the field.
  await field("Id").fill("Tin Robot");
  await field("Name").fill("Tin robot");
  await field("Units for sale").fill("10");
  await field("Price in the sale").fill("twenty");
  await save.click();
  await expect(field("Price in the sale")).toHaveAccessibleDescription("This is not an amount in EUR.");
  await field("Price in the sale").fill("19.90");
  await save.click();
  await expect(field("Id")).toHaveAccessibleDescription(/This is not in the expected form\.$/);
  await expect(field("Id")).toHaveAttribute("aria-invalid", "true");
  await expectAccessibleByDayAndNight(page);
  await field("Id").fill(id);
  await field("Starts").fill(localField(2));
  await field("Ends").fill(localField(1));
  await save.click();
  await expect(field("Ends")).toHaveAccessibleDescription(/A sale ends after it starts\.$/);
  await field("Ends").fill("");
  await save.click();
  await told(page, "Tin robot created");
  await expect(product).toContainText("Coming");
  await expect(product).toContainText("until sold out");
  await expectAccessibleByDayAndNight(page);
});

test("a product is changed, paused, resumed, restocked and deleted", async ({ page, shop }) => {
  const id = newId();
  const { dialog, save, field, product } = parts(page, id);
  await shop.product({ id, name: "Brass robot", sale_price_minor: 1_990, list_price_minor: null, starts_at: `${localField(2)}:00Z` });
  await openConsole(page, shop, "/admin/products");
  await expect(product).toContainText("Coming");
  const edit = page.getByRole("button", { name: "Edit Brass robot" });
  await edit.click();
  await expect(field("Price in the sale")).toHaveValue("19.90");
  await field("Price in the sale").fill("17.50");
  await field("Starts").fill("");
  await field("Units a buyer may have").fill("2");
  await expectAccessibleByDayAndNight(page);
  await save.click();
  await told(page, "Brass robot saved");
  await expect(product).toContainText("€17.50");
  await expect(product).toContainText("Live");
  await edit.click();
  await field("Starts").fill(localField(3));
  await save.click();
  await expect(product).toContainText("Coming");

  await page.getByRole("button", { name: "Pause Brass robot" }).click();
  await told(page, "Brass robot paused");
  await expect(product).toContainText("Paused");
  await page.getByRole("button", { name: "Resume Brass robot" }).click();
  await told(page, "Brass robot resumed");
  await expect(product).toContainText("Coming");

  await page.getByRole("button", { name: "Restock Brass robot" }).click();
  await field("Change").fill("some");
  await save.click();
  await expect(field("Change")).toHaveAccessibleDescription(/A whole number, such as 50 or -3\.$/);
  await field("Change").fill("5");
  await save.click();
  await expect(field("Reason")).toHaveAttribute("aria-invalid", "true");
  await expectAccessibleByDayAndNight(page);
  await field("Change").fill("-11");
  await field("Reason").fill("a crate fell");
  await save.click();
  await expect(dialog.getByRole("alert")).toBeVisible();
  await field("Change").fill("5");
  await save.click();
  await told(page, "Brass robot: +5 units");
  await expect(product).toContainText("15 of 15");

  await page.getByRole("button", { name: "Delete Brass robot" }).click();
  const question = page.getByRole("alertdialog", { name: "Delete Brass robot?" });
  await expectAccessibleByDayAndNight(page);
  await question.getByRole("button", { name: "Go back" }).click();
  await expect(product).toBeVisible();
  await page.getByRole("button", { name: "Delete Brass robot" }).click();
  await question.getByRole("button", { name: "Delete product" }).click();
  await told(page, "Brass robot deleted");
  await expect(product).toHaveCount(0);

  const trail = () => shop.asAdmin<{ what: string }[]>("GET", `/api/admin/audit?target=${id}`);
  await expect.poll(async () => (await trail()).map((entry) => entry.what)).toEqual(["product_removed", "stock_adjusted", "product_resumed", "product_paused", "product_changed", "product_changed", "product_created"]);
});
