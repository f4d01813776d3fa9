import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import en from "./en.json";
import zhCN from "./zh-CN.json";
import { bestLanguage, format, pluralKey } from "./format";
import { LANGUAGES, setLanguage, t } from "./index";

/** Returns the catalogue's keys without plural suffixes, which differ between languages. */
function stems(catalogue: object): string[] {
  return [...new Set(Object.keys(catalogue).map((key) => key.split("#")[0] ?? key))].sort();
}

function placeholders(message: string): string[] {
  return [...message.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();
}

describe("catalogues", () => {
  const english: Record<string, string> = en;
  const chinese: Record<string, string> = zhCN;

  it("have the same keys", () => {
    expect(stems(chinese)).toEqual(stems(english));
  });

  it("list the keys in the same order", () => {
    const order = (catalogue: object) => [
      ...new Set(Object.keys(catalogue).map((key) => key.split("#")[0] ?? key)),
    ];
    expect(order(chinese)).toEqual(order(english));
  });

  it("have all plural forms", () => {
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

  it("have the same placeholders", () => {
    for (const [key, message] of Object.entries(chinese)) {
      const model = english[key] ?? english[key.replace(/#.*/, "#other")] ?? "";
      expect(placeholders(message), key).toEqual(placeholders(model));
    }
  });

  it("have the same placeholders in every plural form", () => {
    for (const [key, message] of Object.entries(english).filter(([key]) => key.endsWith("#one")))
      expect(placeholders(message), key).toEqual(placeholders(english[key.replace("#one", "#other")] ?? ""));
  });

  it("have no empty messages", () => {
    for (const [key, message] of [...Object.entries(english), ...Object.entries(chinese)])
      expect(message.trim(), key).not.toBe("");
  });

  it("use full-width punctuation in Chinese", () => {
    for (const [key, message] of Object.entries(chinese))
      expect(message, key).not.toMatch(/[\u4e00-\u9fff][,;:!?()]|[,;:!?()][\u4e00-\u9fff]/);
  });

  it("have no unused messages", () => {
    const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
      .filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".test.ts"))
      .map((path) => readFileSync(`src/${path}`, "utf8"))
      .join("\n");
    // Composed keys are matched up to their variable part: `theme.${name}`.
    const composed = [...sources.matchAll(/`([\w.]+\.)\$\{/g)].map(([, start]) => start ?? "");
    const unused = stems(english).filter(
      (key) => !sources.includes(`"${key}"`) && !composed.some((start) => key.startsWith(start)),
    );
    expect(unused).toEqual([]);
  });

  it("are all listed in LANGUAGES", () => {
    const files = readdirSync("src/i18n").filter((path) => path.endsWith(".json"));
    expect(files.map((path) => path.replace(".json", "")).sort()).toEqual(Object.keys(LANGUAGES).sort());
  });
});

describe("format", () => {
  it("substitutes values and formats numbers", () => {
    expect(format("{done} of {total} files", { done: 1234, total: "many" }, "en")).toBe(
      "1,234 of many files",
    );
  });

  it("keeps placeholders without a value", () => {
    expect(format("Hello {name}", {}, "en")).toBe("Hello {name}");
  });
});

describe("pluralKey", () => {
  it("follows the language's plural rules", () => {
    expect(pluralKey("files", 1, "en")).toBe("files#one");
    expect(pluralKey("files", 2, "en")).toBe("files#other");
    expect(pluralKey("files", 1, "zh-CN")).toBe("files#other");
  });
});

describe("bestLanguage", () => {
  it.each([
    [["zh-CN", "en"], "zh-CN"],
    [["zh-TW"], "zh-CN"],
    [["de-DE", "zh"], "zh-CN"],
    [["en-GB"], "en"],
    [["fr"], "en"],
    [[], "en"],
  ])("maps %s to %s", (preferred, expected) => {
    expect(bestLanguage(preferred, ["en", "zh-CN"])).toBe(expected);
  });
});

describe("setLanguage", () => {
  const root = { lang: "" };

  beforeEach(() => {
    vi.stubGlobal("document", { documentElement: root });
  });

  afterEach(async () => {
    await setLanguage("en");
    vi.unstubAllGlobals();
  });

  it("switches messages and the document language", async () => {
    await setLanguage("zh-CN");
    expect(root.lang).toBe("zh-CN");
    expect(t("action.undo")).toBe(zhCN["action.undo"]);
    expect(t("files.count", { count: 3 })).toBe("3 张图片");
  });

  it("applies the last of concurrent calls", async () => {
    await Promise.all([setLanguage("zh-CN"), setLanguage("en")]);
    expect(root.lang).toBe("en");
    expect(t("action.undo")).toBe("Undo");
    expect(t("files.count", { count: 1 })).toBe("1 image");
  });
});
