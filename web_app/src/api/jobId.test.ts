import { describe, expect, it } from "vitest";
import { newJobId } from "./jobId";

describe("newJobId", () => {
  it("returns UUIDs of version 4", () => {
    expect(newJobId((bytes) => bytes.fill(0xff))).toBe("ffffffff-ffff-4fff-bfff-ffffffffffff");
    expect(newJobId((bytes) => bytes.fill(0))).toBe("00000000-0000-4000-8000-000000000000");
  });

  it("returns unique ids", () => {
    expect(newJobId()).not.toBe(newJobId());
    expect(newJobId()).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });
});
