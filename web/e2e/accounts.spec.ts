import { ADMIN, BUYER_PASSWORD, expect, expectAccessible, logIn, test } from "./support/fixtures.ts";

const navigation = (page: import("@playwright/test").Page) => page.getByRole("navigation", { name: "Shop" });

test("an account is opened, and what is wrong with it is told at its field", async ({ page, shop }) => {
  const taken = await shop.buyer();
  await page.goto(`${shop.url}/register?next=%2Forders`);
  const [email, password, send] = [page.getByLabel("E-mail"), page.getByLabel("Password"), page.getByRole("button", { name: "Open account" })];
  await email.fill(taken.email);
  await password.fill("12345678");
  await send.click();
  await expect(password).toBeFocused();
  await expect(password).toHaveAttribute("aria-invalid", "true");
  await expect(password).toHaveAccessibleDescription(/.{20}/);
  await expectAccessible(page);
  await password.fill(BUYER_PASSWORD);
  await send.click();
  await expect(email).toBeFocused();
  await expect(email).toHaveAccessibleDescription("There is an account with this e-mail address.");
  await email.fill(`new-${taken.email}`);
  await send.click();
  await page.waitForURL("**/orders");
  await expect(page.getByText("No orders yet")).toBeVisible();
  await expect(navigation(page).getByRole("link", { name: "Account" })).toBeVisible();
});

test("a password is changed, and the keyboard stays where it was", async ({ page, shop }) => {
  const buyer = await shop.buyer();
  await logIn(page, shop, buyer, "/account");
  await expectAccessible(page);
  const [current, next, send] = [page.getByLabel("Current password"), page.getByLabel("New password"), page.getByRole("button", { name: "Change password" })];
  await current.fill("not the password");
  await next.fill("Kettle-on-the-moor-12");
  await send.click();
  await expect(page.getByRole("alert").or(page.locator(".field-error"))).toBeVisible();
  await expectAccessible(page);
  await current.fill(buyer.password);
  await send.click();
  await expect(page.getByRole("alert")).toHaveText("The password is changed");
  await expect(send).toBeFocused();
  await expect(current).toHaveValue("");
  await expectAccessible(page);
  await shop.call("POST", "/api/auth/login", { email: buyer.email, password: "Kettle-on-the-moor-12" });
});

test("a login is renewed before its token ends, and when the server refuses it", async ({ page, openShop }) => {
  const shop = await openShop({ ACCESS_TTL: "1m" });
  const buyer = await shop.buyer();
  let refreshes = 0;
  page.on("response", (response) => response.url().endsWith("/api/auth/refresh") && response.ok() && (refreshes += 1));
  await page.clock.install();
  await logIn(page, shop, buyer, "/orders");
  await expect(page.getByText("No orders yet")).toBeVisible();
  expect(refreshes).toBe(0);
  await page.clock.fastForward(40_000);
  await expect.poll(() => refreshes).toBe(1);
  const body = JSON.stringify({ detail: "The token has ended.", code: "token_expired", request_id: "x" });
  await page.route("**/api/orders?*", (route) => route.fulfill({ status: 401, contentType: "application/json", body }), { times: 1 });
  await page.clock.fastForward(6_000);
  await expect.poll(() => refreshes).toBe(2);
  await expect(page.getByText("No orders yet")).toBeVisible();
});

test("log out everywhere ends this login and the one on the phone", async ({ page, browser, shop }) => {
  const buyer = await shop.buyer();
  const phone = await (await browser.newContext()).newPage();
  await logIn(phone, shop, buyer, "/account");
  await logIn(page, shop, buyer, "/account");
  await page.getByRole("button", { name: "Log out everywhere" }).click();
  await expect(navigation(page).getByRole("link", { name: "Log in" })).toBeVisible();
  await expect(page.getByText("Please log in first")).toBeVisible();
  await phone.goto(`${shop.url}/orders`);
  await expect(phone.getByText("Please log in first")).toBeVisible();
  await phone.context().close();
});

test("log out ends this login alone", async ({ page, browser, shop }) => {
  const buyer = await shop.buyer();
  const phone = await (await browser.newContext()).newPage();
  await logIn(phone, shop, buyer, "/account");
  await logIn(page, shop, buyer, "/account");
  await page.getByRole("button", { name: "Log out", exact: true }).click();
  await expect(page.getByText("Please log in first")).toBeVisible();
  await phone.reload();
  await expect(phone.getByRole("heading", { name: "Change password" })).toBeVisible();
  await phone.context().close();
});

test("after the login the console is a page of its own, whatever follows its name", async ({ page, shop }) => {
  await logIn(page, shop, ADMIN, "/admin?range=hour");
  await expect(page).toHaveTitle(/ScaleMart/);
  await expect(page.getByText("There is no such page")).toBeHidden();
  expect(await page.evaluate(() => document.documentElement.dataset["density"] ?? document.body.dataset["density"] ?? document.querySelector("[data-density]")?.getAttribute("data-density"))).toBe("dense");
});

test("after the login nobody is sent to another host", async ({ page, shop }) => {
  for (const next of ["//evil.example/", "/..//evil.example", "https://evil.example"]) {
    await page.goto(`${shop.url}/login?next=${encodeURIComponent(next)}`);
    await page.getByLabel("E-mail").fill(ADMIN.email);
    await page.getByLabel("Password").fill(ADMIN.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await expect(page).toHaveURL(`${shop.url}/`);
  }
});
