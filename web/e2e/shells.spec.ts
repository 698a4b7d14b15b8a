import { ADMIN, expect, test } from "./support/fixtures.ts";

test("products come from the server", async ({ page, shop }) => {
  const product = await shop.product({ name: "Harbour mug" });
  await page.goto(shop.url);
  await page.locator(`a[href="/p/${product.id}"]`).click();
  await expect(page).toHaveURL(`${shop.url}/p/${product.id}`);
  await expect(page.locator("main")).toBeFocused();
});

test("the console sends guests to the login and brings administrators back", async ({ page, shop }) => {
  await page.goto(`${shop.url}/admin/queue`);
  await page.waitForURL("**/login?next=%2Fadmin%2Fqueue");
  await page.getByLabel("E-mail").fill(ADMIN.email);
  await page.getByLabel("Password").fill(ADMIN.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL("**/admin/queue");
});

test("a wrong password is told", async ({ page, shop }) => {
  await page.goto(`${shop.url}/login`);
  await page.getByLabel("E-mail").fill(ADMIN.email);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Log in" }).click();
  await expect(page.getByRole("alert")).toContainText("wrong");
});

test("a chosen appearance outlives a reload", async ({ page, shop }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto(shop.url);
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.getByRole("radio", { name: "Dark" }).click();
  const dark = await ground();
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await ground()).toBe(dark);
});

test("the skip link is the first stop of the keyboard", async ({ page, shop }) => {
  await page.goto(shop.url);
  await expect(page.getByRole("heading", { name: "Sales" })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
});

test("the head stands there before the first script, and stays where it is", async ({ page, shop }) => {
  let goOn = () => {};
  const held = new Promise<void>((go) => (goOn = go));
  await page.route("**/assets/index-*.js", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(shop.url, { waitUntil: "commit" });
  const head = page.locator(".wordmark");
  await expect(head).toBeVisible();
  await page.evaluate(() => document.fonts.ready);
  const early = { box: await head.boundingBox(), html: await head.innerHTML() };
  expect(await page.locator("main").count()).toBe(0);
  goOn();
  await expect(page.getByRole("heading", { name: "Sales" })).toBeVisible();
  const plain = (html: string) => html.replace(/>\s+</g, "><").trim();
  expect(await head.boundingBox()).toEqual(early.box);
  expect(plain(await head.innerHTML())).toBe(plain(early.html));
});
