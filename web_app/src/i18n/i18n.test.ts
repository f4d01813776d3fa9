import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import en from "./en.json";
import zhCN from "./zh-CN.json";
import { bestLanguage, format, pluralKey } from "./format";
import { LANGUAGES } from "./index";

/** The keys without what differs between languages: which plurals there are. */
function stems(catalogue: object): string[] {
  return [...new Set(Object.keys(catalogue).map((key) => key.split("#")[0] ?? key))].sort();
}

function placeholders(message: string): string[] {
  return [...message.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();
}

describe("the catalogues", () => {
  const english: Record<string, string> = en;
  const chinese: Record<string, string> = zhCN;

  it("say the same things in every language", () => {
    expect(stems(chinese)).toEqual(stems(english));
  });

  it("have every plural that their language tells apart", () => {
    for (const [language, catalogue] of [
      ["en", english],
      ["zh-CN", chinese],
    ] as const) {
      const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
      const plural = new Set(
        Object.keys(english)
          .filter((key) => key.includes("#"))
          .map((key) => key.split("#")[0] ?? ""),
      );
      for (const stem of plural)
        for (const category of pluralCategories)
          expect(Object.keys(catalogue), language).toContain(`${stem}#${category}`);
    }
  });

  it("have the same placeholders in every language", () => {
    for (const [key, message] of Object.entries(chinese)) {
      const model = english[key] ?? english[key.replace(/#.*/, "#other")] ?? "";
      expect(placeholders(message), key).toEqual(placeholders(model));
    }
  });

  it("leave nothing unsaid", () => {
    for (const [key, message] of [...Object.entries(english), ...Object.entries(chinese)])
      expect(message.trim(), key).not.toBe("");
  });

  it("say only what the page shows", () => {
    const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
      .filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".test.ts"))
      .map((path) => readFileSync(`src/${path}`, "utf8"))
      .join("\n");
    // Keys that are put together end where their variable part begins: `theme.${name}`.
    const composed = [...sources.matchAll(/`([\w.]+\.)\$\{/g)].map(([, start]) => start ?? "");
    const unsaid = stems(english).filter(
      (key) => !sources.includes(`"${key}"`) && !composed.some((start) => key.startsWith(start)),
    );
    expect(unsaid).toEqual([]);
  });

  it("are all offered", () => {
    const files = readdirSync("src/i18n").filter((path) => path.endsWith(".json"));
    expect(files.map((path) => path.replace(".json", "")).sort()).toEqual(Object.keys(LANGUAGES).sort());
  });
});

describe("messages", () => {
  it("take values, numbers as the language writes them", () => {
    expect(format("{done} of {total} files", { done: 1234, total: "many" }, "en")).toBe(
      "1,234 of many files",
    );
  });

  it("keep a placeholder that has no value", () => {
    expect(format("Hello {name}", {}, "en")).toBe("Hello {name}");
  });

  it("differ by number as the language does", () => {
    expect(pluralKey("files", 1, "en")).toBe("files#one");
    expect(pluralKey("files", 2, "en")).toBe("files#other");
    expect(pluralKey("files", 1, "zh-CN")).toBe("files#other");
  });
});

describe("the language of the page", () => {
  it.each([
    [["zh-CN", "en"], "zh-CN"],
    [["zh-TW"], "zh-CN"],
    [["de-DE", "zh"], "zh-CN"],
    [["en-GB"], "en"],
    [["fr"], "en"],
    [[], "en"],
  ])("for a browser that asks for %s is %s", (wanted, expected) => {
    expect(bestLanguage(wanted, ["en", "zh-CN"])).toBe(expected);
  });
});
