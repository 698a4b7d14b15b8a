import { randomBytes } from "node:crypto";
import { expectAccessibleByDayAndNight, openConsole, rows, told } from "./support/console.ts";
import { expect, test } from "./support/fixtures.ts";

/** "2026-11-27T10:00:00", in the browser's zone: UTC here. */
const localField = (inHours: number) => new Date(Date.now() + inHours * 3_600_000).toISOString().slice(0, 19);

test("a product is created, scheduled, changed, paused, restocked and deleted", async ({ page, shop }) => {
  const id = `tin-robot-${randomBytes(3).toString("hex")}`;
  await openConsole(page, shop, "/admin/products");
  await page.getByRole("button", { name: "New product" }).click();
  const dialog = page.getByRole("dialog");
  const save = dialog.getByRole("button", { name: /^(Create product|Save changes|Change stock)$/ });
  const field = (label: string) => dialog.getByLabel(label, { exact: true });
  const product = rows(page, "Products").filter({ hasText: id });

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

  const edit = page.getByRole("button", { name: "Edit Tin robot" });
  await edit.click();
  await expect(field("Price in the sale")).toHaveValue("19.90");
  await field("Price in the sale").fill("17.50");
  await field("Starts").fill("");
  await field("Units a buyer may have").fill("2");
  await expectAccessibleByDayAndNight(page);
  await save.click();
  await told(page, "Tin robot saved");
  await expect(product).toContainText("€17.50");
  await expect(product).toContainText("Live");
  await edit.click();
  await field("Starts").fill(localField(3));
  await save.click();
  await expect(product).toContainText("Coming");

  await page.getByRole("button", { name: "Pause Tin robot" }).click();
  await told(page, "Tin robot paused");
  await expect(product).toContainText("Paused");
  await page.getByRole("button", { name: "Resume Tin robot" }).click();
  await told(page, "Tin robot resumed");
  await expect(product).toContainText("Coming");

  await page.getByRole("button", { name: "Restock Tin robot" }).click();
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
  await told(page, "Tin robot: +5 units");
  await expect(product).toContainText("15 of 15");

  await page.getByRole("button", { name: "Delete Tin robot" }).click();
  const question = page.getByRole("alertdialog", { name: "Delete Tin robot?" });
  await expectAccessibleByDayAndNight(page);
  await question.getByRole("button", { name: "Go back" }).click();
  await expect(product).toBeVisible();
  await page.getByRole("button", { name: "Delete Tin robot" }).click();
  await question.getByRole("button", { name: "Delete product" }).click();
  await told(page, "Tin robot deleted");
  await expect(product).toHaveCount(0);

  const trail = await shop.asAdmin<{ what: string }[]>("GET", `/api/admin/audit?target=${id}`);
  expect(trail.map((entry) => entry.what)).toEqual(["product_removed", "stock_adjusted", "product_resumed", "product_paused", "product_changed", "product_changed", "product_created"]);
});
