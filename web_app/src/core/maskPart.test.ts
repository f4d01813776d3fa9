import { expect, it } from "vitest";
import { emptyMask } from "./mask";
import { holePart, maskOfPart } from "./maskPart";

it("holePart is the inverse of maskOfPart", () => {
  const mask = emptyMask({ width: 8, height: 5 });
  expect(holePart(mask)).toBeNull();
  expect(maskOfPart(null, mask)).toEqual(mask);
  mask.data[8 + 3] = 255;
  mask.data[3 * 8 + 5] = 90;
  const part = holePart(mask);
  expect(part?.box).toEqual({ x: 3, y: 1, width: 3, height: 3 });
  expect(maskOfPart(part, mask)).toEqual(mask);
});
