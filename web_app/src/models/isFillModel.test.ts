import { expect, it } from "vitest";
import { isFillModel } from "./isFillModel";

it("isFillModel accepts models for filling, and those without a task", () => {
  const tasks = ["inpaint", "segment", "detect-text", "upscale"];
  expect(tasks.filter((task) => isFillModel({ name: "a", task }))).toEqual(["inpaint"]);
  expect(isFillModel({ name: "a" })).toBe(true);
});
