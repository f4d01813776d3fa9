// @vitest-environment jsdom
import { inflateSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runFill } from "../editor/commands/fill";
import { editMask } from "../editor/commands/mask";
import { undo } from "../editor/commands/undoRedo";
import { open } from "../editor/commands/session";
import { triggerDownload } from "../editor/triggerDownload";
import { imageFile, solid } from "../editor/testing/codec";
import { resetEditor, settled, SIZE } from "../editor/testing/editor";
import { nthRequest, received } from "../editor/testing/server";
import { useEditor } from "../editor/store";
import { DEFAULTS, type Settings } from "../settings/settings";
import { useSettings } from "../settings/store";
import { notify, type Notice } from "../ui/kit/toast";
import { patchFile, type PatchedFile } from "../api/patchFile";
import { keepsOpenedJpeg, saveImage } from "./save";

vi.mock("../editor/document/client", () => import("../editor/testing/client"));
vi.mock("../editor/document/codec", () => import("../editor/testing/codec"));
vi.mock("../editor/triggerDownload", () => ({ triggerDownload: vi.fn() }));
vi.mock("../api/inpaint", () => import("../editor/testing/server"));
vi.mock("../api/events", () => import("../editor/testing/server"));
vi.mock("../api/patchFile", () => ({ patchFile: vi.fn() }));
vi.mock("../ui/kit/toast", () => ({ notify: vi.fn() }));

const requests = vi.mocked(patchFile);
const downloads = vi.mocked(triggerDownload);
const notices = (): Notice[] => vi.mocked(notify).mock.calls.map(([notice]) => notice);

beforeEach(() => {
  resetEditor();
  vi.clearAllMocks();
  requests.mockResolvedValue(patched(null));
});
afterEach(resetEditor);

const patched = (reencodedQuality: number | null): PatchedFile => ({
  file: new Blob(["patched"], { type: "image/jpeg" }),
  reencodedQuality,
});

const openJpeg = () => open(imageFile("photo.jpg", solid(SIZE, [100, 100, 100, 255]), "image/jpeg"));

/** Fills a square of 20 pixels with red. */
async function fillSquare(corner: number): Promise<void> {
  const points = [
    { x: corner, y: corner },
    { x: corner + 20, y: corner },
    { x: corner + 20, y: corner + 20 },
    { x: corner, y: corner + 20 },
  ];
  await editMask({ kind: "polygon", mode: "add", points });
  const count = received.fills.length + 1;
  const filled = runFill();
  const fill = await nthRequest(() => received.fills, count);
  const size = { width: 20, height: 20 };
  fill.respond({
    box: { x: corner - fill.request.box.x, y: corner - fill.request.box.y, ...size },
    png: imageFile("patch.png", solid(size, [200, 0, 0, 255])),
  });
  await filled;
  await settled();
}

async function saved(): Promise<string> {
  const file = downloads.mock.lastCall?.[0];
  return file ? file.text() : "";
}

describe("saving an opened JPEG", () => {
  it("sends the file and the changed pixels", async () => {
    await openJpeg();
    await fillSquare(40);
    await saveImage();
    const sent = requests.mock.lastCall?.[0];
    if (!sent) throw new Error("nothing was sent");
    expect(sent.at).toEqual({ x: 40, y: 40 });
    expect(await sent.file.text()).toBe(await useEditor.getState().image?.file.text());
    const png = Buffer.from(await sent.patch.arrayBuffer());
    expect([png.readUInt32BE(16), png.readUInt32BE(20), png[25]]).toEqual([20, 20, 6]);
    const at = png.indexOf("IDAT");
    const rows = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
    expect([...rows.subarray(1, 5)]).toEqual([200, 0, 0, 255]);
    expect([downloads.mock.lastCall?.[1], await saved()]).toEqual(["photo_cleanup.jpg", "patched"]);
  });

  it("returns the file itself without changes", async () => {
    await openJpeg();
    await saveImage();
    await fillSquare(40);
    await undo();
    await saveImage();
    expect(requests).not.toHaveBeenCalled();
    expect(downloads).toHaveBeenCalledTimes(2);
    expect(await saved()).toBe(await useEditor.getState().image?.file.text());
  });

  it("reports a file that was encoded as a whole", async () => {
    requests.mockResolvedValue(patched(87));
    await openJpeg();
    await fillSquare(40);
    await saveImage();
    expect(notices()).toMatchObject([{ kind: "info" }]);
    expect(notices()[0]?.text).toContain("87");
    expect(await saved()).toBe("patched");
  });

  it("can be repeated when the server is unreachable", async () => {
    requests.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    await openJpeg();
    await fillSquare(40);
    await saveImage();
    expect(downloads).not.toHaveBeenCalled();
    expect(notices()).toMatchObject([{ kind: "error" }]);
    expect(useEditor.getState().history.past).not.toHaveLength(0);
    notices()[0]?.action?.run();
    await vi.waitFor(() => {
      expect(downloads).toHaveBeenCalledTimes(1);
    });
    expect(await saved()).toBe("patched");
  });

  it("encodes everything in a chosen format", async () => {
    useSettings.setState({ saveFormat: "jpeg" });
    await openJpeg();
    await fillSquare(40);
    await saveImage();
    expect(requests).not.toHaveBeenCalled();
    expect(await saved()).toBe("lossy");
  });

  it("encodes everything at another size", async () => {
    await openJpeg();
    const { image } = useEditor.getState();
    if (!image) throw new Error("no image");
    const settings: Settings = { ...DEFAULTS, saveFormat: "same" };
    const keeps = (change: object) =>
      keepsOpenedJpeg({ image: { ...image, ...change }, hasTransparency: false }, settings);
    expect([keeps({}), keeps({ width: SIZE.width * 2 })]).toEqual([true, false]);
    expect(keepsOpenedJpeg({ image, hasTransparency: true }, settings)).toBe(false);
  });
});

describe("saving another format", () => {
  it("needs no server", async () => {
    await open(imageFile("photo.webp", solid(SIZE, [100, 100, 100, 255]), "image/webp"));
    await fillSquare(40);
    await saveImage();
    expect(requests).not.toHaveBeenCalled();
    expect(await saved()).toBe("lossy");
  });
});
