import { describe, expect, it } from "vitest";
import { exportName, exportType } from "./exportFile";

describe("exported files", () => {
  it("keep a format that a canvas can encode", () => {
    expect(exportType("image/jpeg")).toBe("image/jpeg");
    expect(exportType("image/webp")).toBe("image/webp");
    expect(exportType("image/bmp")).toBe("image/png");
    expect(exportType("")).toBe("image/png");
  });

  it("are named after the image", () => {
    expect(exportName("a b.c.JPEG", "image/jpeg")).toBe("a b.c_cleanup.JPEG");
    expect(exportName("scan.bmp", "image/png")).toBe("scan_cleanup.png");
    expect(exportName("noextension", "image/webp")).toBe("noextension_cleanup.webp");
    expect(exportName("", "image/png")).toBe("image_cleanup.png");
    expect(exportName(`${"a".repeat(251)}.jpg`, "image/jpeg")).toBe(`${"a".repeat(243)}_cleanup.jpg`);
  });
});
