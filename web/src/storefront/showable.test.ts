import { expect, test } from "vitest";
import { showable } from "./showable.ts";

const here = (src: string | undefined) => showable(src, "https://shop.example");

test("pictures of this server are shown", () => {
  expect(here("/art/lamp.svg")).toBe("https://shop.example/art/lamp.svg");
  expect(here("/art/lamp.webp?v=2")).toBe("https://shop.example/art/lamp.webp?v=2");
  expect(here("https://shop.example/art/lamp.svg")).toBe("https://shop.example/art/lamp.svg");
  expect(here("/..//cdn.example/lamp.jpg")).toBe("https://shop.example//cdn.example/lamp.jpg");
});

test("other hosts are not asked", () => {
  for (const src of [undefined, "", "https://cdn.example/lamp.jpg", "//cdn.example/lamp.jpg", "/\\cdn.example/lamp.jpg", "http://shop.example/lamp.jpg", "data:image/png;base64,AA", "https://"])
    expect(here(src)).toBeNull();
});
