import { expect, test } from "vitest";
import { axisOf, nearest } from "./chart-axis.ts";

test("the nearest time is found, the earlier one of two that are as near", () => {
  expect([0, 10, 14, 15, 16, 99].map((at) => nearest([10, 20, 30], at))).toEqual([0, 0, 0, 0, 1, 2]);
  expect(nearest([], 5)).toBe(-1);
});

test("who shares an axis is told where its cursor is, once", () => {
  const heard: (number | null)[] = [];
  const end = axisOf("sale").subscribe(() => heard.push(axisOf("sale").at()));
  axisOf("sale").point(7);
  axisOf("sale").point(7);
  axisOf("another").point(1);
  axisOf("sale").point(null);
  end();
  axisOf("sale").point(9);
  expect(heard).toEqual([7, null]);
});
