import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, expectAccessible, test } from "./support/fixtures.ts";

const HOLE = '<script id="rehearsal" type="application/json">null</script>';
const html = readFileSync(new URL("../dist-report/report.html", import.meta.url), "utf8");

test("the report's file has one hole for the numbers, and asks nobody for anything", async ({ page }) => {
  expect(html.split(HOLE)).toHaveLength(2);
  const folder = mkdtempSync(join(tmpdir(), "scalemart-report-"));
  try {
    const file = join(folder, "report.html");
    writeFileSync(file, html.replace(HOLE, () => HOLE.replace("null", JSON.stringify({ note: "</script> and more" }).replaceAll("<", "\\u003c"))));
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(pathToFileURL(file).href);
    await expect(page.locator("#root")).toContainText("</script> and more");
    await expectAccessible(page);
    expect(asked.filter((url) => !url.startsWith("data:"))).toEqual([pathToFileURL(file).href]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
