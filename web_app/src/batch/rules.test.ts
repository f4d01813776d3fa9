import { describe, expect, it } from "vitest";
import { isPluginRule, rulesOf } from "./rules";

const server = (...names: string[]) => ({
  server: {
    enableFileManager: false,
    enableAutoSaving: false,
    plugins: names.map((name) => ({
      name,
      support_gen_image: true,
      support_gen_mask: name !== "RealESRGAN",
    })),
  },
});

describe("rulesOf", () => {
  it("offers files, and what the server's plugins select", () => {
    expect(rulesOf({ server: null })).toEqual(["one", "each"]);
    expect(rulesOf(server("RealESRGAN"))).toEqual(["one", "each"]);
    expect(rulesOf(server("TextMask"))).toEqual(["one", "each", "text"]);
    expect(rulesOf(server("RemoveBG", "InteractiveSeg"))).toEqual(["one", "each", "object", "background"]);
  });

  it("distinguishes files from plugins", () => {
    expect(rulesOf(server("TextMask", "RemoveBG", "InteractiveSeg")).filter(isPluginRule)).toEqual([
      "text",
      "object",
      "background",
    ]);
  });
});
