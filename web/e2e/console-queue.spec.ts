import { buyUntil, expectAccessibleByDayAndNight, openConsole, rows, table, told } from "./support/console.ts";
import { expect, test } from "./support/fixtures.ts";

test("the queue is paused, goes on, and its worker is told how much to do at once", async ({ page, openShop }) => {
  const shop = await openShop({ PAYMENT: "simulated:?latency=0s" });
  const product = await shop.product();
  const buyer = await shop.buyer();
  await openConsole(page, shop, "/admin/queue");
  const tile = (label: string) => page.locator(".tile").filter({ has: page.getByText(label, { exact: true }) });
  await expect(tile("Waiting")).toContainText("empty");

  await page.getByRole("button", { name: "Pause queue" }).click();
  await told(page, "Queue paused");
  await expect(page.locator(".page-head").getByText("Paused")).toBeVisible();
  const { order_id } = await shop.buy(buyer, product.id);
  await expect(tile("Waiting").locator(".tile-value")).toHaveText("1");
  await expect(tile("Oldest")).toContainText("since it was accepted");
  await expect(rows(page, "Stages").filter({ hasText: "Payment" })).toHaveText(/^Payment11/);
  await expectAccessibleByDayAndNight(page);
  await page.getByRole("button", { name: "Resume queue" }).click();
  await told(page, "Queue resumed");
  await expect(tile("Waiting").locator(".tile-value")).toHaveText("0");
  await expect(rows(page, "Steps that ended").filter({ hasText: order_id }).filter({ hasText: "Confirmation" })).toContainText("Done");

  const worker = rows(page, "Workers").first();
  const field = worker.getByRole("textbox");
  for (const [text, answer] of [["many", /^A whole number, or two/], ["9..3", /^A whole number, or two/], ["900000", /100000/]] as const) {
    await field.fill(text);
    await worker.getByRole("button", { name: /^Set concurrency/ }).click();
    await expect(field).toHaveAccessibleDescription(answer);
  }
  await field.fill("7");
  await worker.getByRole("button", { name: /^Set concurrency/ }).click();
  await told(page, /: 7 at once$/);
  await expect.poll(async () => (await shop.asAdmin<{ concurrency: number }[]>("GET", "/api/admin/workers")).map((one) => one.concurrency)).toEqual([7]);
  await field.fill("10..40");
  await worker.getByRole("button", { name: /^Set concurrency/ }).click();
  await told(page, /: 10\.\.40 at once$/);
  await expect(worker.getByText("10 of")).toBeVisible();
  await expect(field).toHaveValue("10..40");
});

test("dead letters tell why, and are retried and discarded, one and many, also after a restart", async ({ page, openShop }) => {
  const shop = await openShop({ PAYMENT: "simulated:?latency=0s&reject=100%" });
  const [lamp, mug] = [await shop.product({ name: "Lamp" }), await shop.product({ name: "Mug" })];
  const buyer = await shop.buyer();
  const lamps: string[] = [];
  for (let i = 0; i < 5; i++) lamps.push((await shop.buy(buyer, lamp.id)).order_id);
  for (let i = 0; i < 2; i++) await shop.buy(buyer, mug.id);
  await openConsole(page, shop, "/admin/queue");
  const dead = rows(page, "Dead letters");
  await expect(dead).toHaveCount(7);
  await expect(dead.first()).toHaveText(/Payment.*rejected1/);
  await expect(rows(page, "Steps that ended").first()).toContainText("Parked");
  await expectAccessibleByDayAndNight(page);

  const filters = page.locator("section").filter({ has: page.getByRole("heading", { name: "Dead letters" }) });
  await filters.getByLabel("Product", { exact: true }).selectOption({ label: "Mug" });
  await expect(dead).toHaveCount(2);
  await filters.getByLabel("Step", { exact: true }).selectOption({ label: "Mail" });
  await expect(page.getByText("No dead letters match")).toBeVisible();
  await filters.getByLabel("Step", { exact: true }).selectOption({ label: "Any step" });
  await filters.getByLabel("Product", { exact: true }).selectOption({ label: "Any product" });
  await filters.getByLabel("Reason contains").fill("timeout");
  await expect(page.getByText("No dead letters match")).toBeVisible();
  await filters.getByLabel("Reason contains").fill("rejected");
  await expect(dead).toHaveCount(7);

  // The bank is well again, and nothing was forgotten meanwhile.
  await shop.stop();
  await shop.start({ PAYMENT: "simulated:?latency=0s" });
  await page.reload();
  await expect(dead).toHaveCount(7);
  await page.getByLabel("Result").selectOption({ label: "Parked" });
  await expect(rows(page, "Steps that ended")).toHaveCount(7);
  await page.getByLabel("Result").selectOption({ label: "Any result" });

  await page.getByRole("button", { name: `Retry ${lamps[0]}` }).click();
  await told(page, "1 to be tried again");
  await expect(dead).toHaveCount(6);
  await page.getByRole("button", { name: `Discard ${lamps[1]}` }).click();
  await expect(page.getByRole("alertdialog", { name: "Discard one order?" })).toBeVisible();
  await expectAccessibleByDayAndNight(page);
  const agree = (deed: "Retry" | "Discard") => page.getByRole("alertdialog").getByRole("button", { name: deed }).click();
  await agree("Discard");
  await told(page, "1 discarded");
  await expect(dead).toHaveCount(5);
  for (const id of lamps.slice(2, 4)) await page.getByLabel(`Choose ${id}`).check();
  await page.getByRole("button", { name: "Retry 2 chosen" }).click();
  await agree("Retry");
  await told(page, "2 to be tried again");
  await expect(dead).toHaveCount(3);
  await page.getByLabel(`Choose ${lamps[4]}`).check();
  await page.getByRole("button", { name: "Discard 1 chosen" }).click();
  await agree("Discard");
  await expect(dead).toHaveCount(2);
  await filters.getByLabel("Product", { exact: true }).selectOption({ label: "Lamp" });
  await expect(page.getByText("No dead letters match")).toBeVisible();
  await filters.getByLabel("Product", { exact: true }).selectOption({ label: "Mug" });
  await expect(dead).toHaveCount(2);
  await page.getByLabel("Choose all shown").check();
  await expect(page.getByRole("button", { name: "Discard 2 chosen" })).toBeEnabled();
  await page.getByLabel("Choose all shown").uncheck();
  await page.getByRole("button", { name: "Retry all" }).click();
  await expect(page.getByRole("alertdialog", { name: "Retry all that match?" })).toBeVisible();
  await agree("Retry");
  await expect(dead).toHaveCount(0);
  // The list is the queue's, the counts are the ledger's: they follow.
  await expect.poll(() => shop.asAdmin("GET", "/api/admin/stats")).toMatchObject({ dead_letters: 0, drift: 0, accepted: 7, orders: { confirmed: 5, failed: 2 } });
});

test("the last dead letters of all are discarded together", async ({ page, openShop }) => {
  const shop = await openShop({ PAYMENT: "simulated:?latency=0s&reject=100%" });
  const product = await shop.product();
  const buyer = await shop.buyer();
  for (let i = 0; i < 3; i++) await buyUntil(shop, buyer, product.id, "processing");
  await openConsole(page, shop, "/admin/queue");
  await expect(rows(page, "Dead letters")).toHaveCount(3);
  await page.getByRole("button", { name: "Discard all" }).click();
  await expect(page.getByRole("alertdialog", { name: "Discard all that match?" })).toContainText("This cannot be undone");
  await page.getByRole("alertdialog").getByRole("button", { name: "Discard" }).click();
  await told(page, "3 discarded");
  await expect(page.getByText("Every order finds its way.")).toBeVisible();
  await expect(table(page, "Dead letters")).toHaveCount(0);
  await expect.poll(() => shop.call("GET", `/api/products/${product.id}`)).toMatchObject({ available: 10, held: 0, sold: 0 });
});
