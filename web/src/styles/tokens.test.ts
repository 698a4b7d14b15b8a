import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const tokens = new Map<string, [light: string, dark: string]>();
for (const [, name, light, dark] of css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)) tokens.set(name!, [light!, dark!]);

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

// WCAG 2.2: 4.5 for text, 3 for edges, focus rings and lines of charts.
const GROUNDS = ["page", "card", "raised", "sunken", "hover"];
const pairs: [string, string, number][] = [
  ...["ink", "quiet", "faint", "accent-text", "live", "coming", "over", "refused"].flatMap((ink) => GROUNDS.map((ground): [string, string, number] => [ink, ground, 4.5])),
  ...["live", "coming", "over", "refused"].map((state): [string, string, number] => [state, `${state}-soft`, 4.5]),
  ["accent-text", "accent-soft", 4.5],
  ["ink", "accent-soft", 4.5],
  ["accent-ink", "accent", 4.5],
  ["accent-ink", "accent-hover", 4.5],
  ...["focus", "line-strong"].flatMap((edge) => ["page", "card", "raised"].map((ground): [string, string, number] => [edge, ground, 3])),
  ...[1, 2, 3, 4, 5, 6, 7].map((series): [string, string, number] => [`series-${series}`, "card", 3]),
];

describe.each(["light", "dark"])("in %s", (mode) => {
  test.each(pairs)("%s on %s has a contrast of %s", (ink, ground, least) => {
    const at = mode === "light" ? 0 : 1;
    expect(contrast(tokens.get(ink)![at], tokens.get(ground)![at])).toBeGreaterThanOrEqual(least);
  });
});
