import { buyButton, expect, expectAccessible, logIn, test } from "./support/fixtures.ts";

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString();

test("a sale opens by itself, also while the stream is away", async ({ page, shop }) => {
  await page.route("**/events", (route) => route.abort());
  const product = await shop.product({ starts_at: inSeconds(4) });
  await logIn(page, shop, await shop.buyer(), `/p/${product.id}`);
  await expect(page.getByRole("button", { name: "Not started yet" })).toBeDisabled();
  await expect(buyButton(page)).toBeEnabled();
  // Not the clock's word alone: the server was asked, and says so as well.
  await expect(page.locator(".badge")).toHaveText("Live");
  await buyButton(page).click();
  await page.waitForURL("**/orders/*");
});

test("home moves a sale from coming to live, and from live to over, at its moment", async ({ page, openShop }) => {
  const shop = await openShop();
  await page.clock.install();
  await shop.product({ name: "Early lamp", starts_at: inSeconds(3) });
  await shop.product({ name: "Late lamp", ends_at: inSeconds(3) });
  await page.goto(shop.url);
  await expect(page.getByRole("region", { name: "Coming" })).toContainText("Early lamp");
  await expect(page.getByRole("region", { name: "Live now" })).toContainText("Late lamp");
  await expect(page.getByRole("region", { name: "Live now" })).toContainText("Early lamp");
  await expect(page.getByRole("region", { name: "Over" })).toContainText("Late lamp");
});

for (const [wrong, hours] of [["slow", -3], ["fast", 30]] as const) {
  test(`a visitor's clock that is ${wrong} changes nothing`, async ({ page, shop }) => {
    const product = await shop.product({ starts_at: inSeconds(90) });
    await page.clock.install({ time: Date.now() + hours * 3_600_000 });
    await page.goto(`${shop.url}/p/${product.id}`);
    await expect(page.getByRole("button", { name: "Not started yet" })).toBeDisabled();
    await expect(page.getByRole("article").getByRole("timer")).toContainText(/01:[0-3]\d$/);
    await expectAccessible(page);
  });
}
