import { afterEach, describe, expect, it, vi } from "vitest";
import { patchFile } from "./patchFile";

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Answers all requests; returns those received. */
function serverWith(body: string, init: ResponseInit): { url: unknown; form: FormData }[] {
  const received: { url: unknown; form: FormData }[] = [];
  vi.stubGlobal("fetch", (url: unknown, { body: form }: { body: FormData }) => {
    received.push({ url, form });
    return Promise.resolve(new Response(body, init));
  });
  return received;
}

const call = () => patchFile({ file: new Blob(["file"]), patch: new Blob(["patch"]), at: { x: 3, y: 70 } });

describe("patchFile", () => {
  it("sends file, patch and position", async () => {
    const received = serverWith("result", { headers: { "Content-Type": "image/jpeg" } });
    const { file, reencodedQuality } = await call();
    expect([await file.text(), file.type, reencodedQuality]).toEqual(["result", "image/jpeg", null]);
    const [{ url, form } = { url: null, form: new FormData() }] = received;
    expect(url).toBe("api/v1/apply_patch");
    expect([form.get("x"), form.get("y")]).toEqual(["3", "70"]);
    expect(await (form.get("image") as Blob).text()).toBe("file");
    expect(await (form.get("patch") as Blob).text()).toBe("patch");
  });

  it("returns the quality of a file encoded as a whole", async () => {
    serverWith("result", { headers: { "X-Jpeg-Reencoded": "87" } });
    expect((await call()).reencodedQuality).toBe(87);
  });

  it("throws the server's message", async () => {
    serverWith(JSON.stringify({ detail: "The file is damaged." }), { status: 400 });
    await expect(call()).rejects.toThrow("The file is damaged.");
  });
});
