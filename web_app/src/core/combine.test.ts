import { expect, it } from "vitest";
import { combined } from "./combine";

const mask = (...values: number[]) => ({ width: values.length, height: 1, data: Uint8Array.from(values) });

it("combined adds a mask or removes it", () => {
  const [before, part] = [mask(0, 0, 255, 255, 100), mask(0, 255, 0, 255, 200)];
  expect([...combined(before, part, "add").data]).toEqual([0, 255, 255, 255, 200]);
  expect([...combined(before, part, "remove").data]).toEqual([0, 0, 255, 0, 55]);
});
