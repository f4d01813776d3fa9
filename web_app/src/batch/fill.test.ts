import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fill, selectIn } from "./fill";

const fetched = vi.hoisted(() => vi.fn<(url: string, init: RequestInit) => Promise<Response>>());

vi.mock("../api/http", () => ({ request: fetched }));
vi.mock("../api/events", () => ({ watchJob: () => () => undefined }));
vi.mock("../api/plugins", async (original) => ({
  ...(await original<object>()),
  pluginRequest: ({ fields, jobId }: { fields: object; jobId: string }) => ({
    body: JSON.stringify(fields),
    headers: { "X-Job-Id": jobId },
  }),
}));

const image = new File(["image"], "a.jpg");
const { signal } = new AbortController();
const ignore = () => undefined;

beforeEach(() => {
  fetched.mockReset();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("selectIn", () => {
  it.each([
    ["text", "TextMask", false],
    ["object", "InteractiveSeg", false],
    ["background", "RemoveBG", true],
  ] as const)("requests the mask for %s", async (rule, name, inverted) => {
    fetched.mockResolvedValue(new Response("mask"));
    const encoded: [string, boolean][] = [];
    const encode = async (file: Blob, invert: boolean) => {
      encoded.push([await file.text(), invert]);
      return null;
    };
    expect(await selectIn({ image, rule }, encode, signal, ignore)).toBeNull();
    expect(encoded).toEqual([["mask", inverted]]);
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect([url, init?.body]).toEqual(["api/v1/run_plugin_gen_mask", JSON.stringify({ name })]);
  });

  it("reports an unreadable mask", async () => {
    fetched.mockResolvedValue(new Response("?"));
    const encode = () => Promise.reject(new Error("not an image"));
    await expect(selectIn({ image, rule: "text" }, encode, signal, ignore)).rejects.toThrow(/response/);
  });
});

describe("fill", () => {
  it("waits while the queue is full, with another job id each time", async () => {
    vi.useFakeTimers();
    fetched
      .mockResolvedValueOnce(new Response("", { status: 429, headers: { "Retry-After": "3" } }))
      .mockResolvedValueOnce(new Response("result"));
    const done = fill({ image, mask: new Blob(["mask"]), options: {} }, signal, ignore);
    await vi.advanceTimersByTimeAsync(3000);
    vi.useRealTimers();
    expect(await (await done).text()).toBe("result");
    const ids = fetched.mock.calls.map(([, init]) => new Headers(init.headers).get("X-Job-Id"));
    expect(new Set(ids).size).toBe(2);
  });

  it("stops waiting when it is cancelled", async () => {
    vi.useFakeTimers();
    fetched.mockResolvedValue(new Response("", { status: 429 }));
    const abort = new AbortController();
    const done = fill({ image, mask: new Blob(["mask"]), options: {} }, abort.signal, ignore);
    const rejected = expect(done).rejects.toThrow(/aborted/);
    await vi.advanceTimersByTimeAsync(0);
    abort.abort();
    await rejected;
  });
});
