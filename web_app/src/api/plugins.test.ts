import { beforeEach, describe, expect, it, vi } from "vitest";
import { runPlugin, type PluginCall } from "./plugins";

const fetched = vi.fn<typeof fetch>();

/** The browser's reader of data URLs, which Node.js lacks. */
class FakeReader {
  result = "";
  onload: () => void = () => undefined;

  async readAsDataURL(blob: Blob): Promise<void> {
    this.result = `data:${blob.type};base64,${btoa(await blob.text())}`;
    this.onload();
  }
}

vi.stubGlobal("fetch", fetched);
vi.stubGlobal("FileReader", FakeReader);

beforeEach(() => {
  fetched.mockReset();
});

const call = (): PluginCall => ({
  result: "mask",
  fields: { name: "InteractiveSeg", clicks: [[3, 4, 1]], box: [0, 0, 9, 9] },
  image: new Blob(["image"], { type: "image/png" }),
  jobId: "job",
});

describe("runPlugin", () => {
  it("sends fields, image and job id", async () => {
    fetched.mockResolvedValue(new Response("mask"));
    const { signal } = new AbortController();
    expect(await (await runPlugin(call(), signal)).text()).toBe("mask");
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(url).toBe("api/v1/run_plugin_gen_mask");
    expect(init).toMatchObject({ method: "POST", headers: { "X-Job-Id": "job" }, signal });
    const image = `data:image/png;base64,${btoa("image")}`;
    expect(JSON.parse(init?.body as string)).toEqual({ ...call().fields, image });
  });

  it("requests images from their own route", async () => {
    fetched.mockResolvedValue(new Response("image"));
    await runPlugin(
      { ...call(), result: "image", fields: { name: "RealESRGAN", scale: 4 } },
      new AbortController().signal,
    );
    expect(fetched.mock.calls[0]?.[0]).toBe("api/v1/run_plugin_gen_image");
  });

  it("throws the server's message", async () => {
    fetched.mockResolvedValue(Response.json({ detail: "The plugin has no model." }, { status: 404 }));
    await expect(runPlugin(call(), new AbortController().signal)).rejects.toThrow("The plugin has no model.");
  });
});
