import { describe, expect, it } from "vitest";
import type { JobProgress } from "../editor/store";
import { t } from "../i18n";
import { jobText, seconds } from "./jobText";

const IDLE: JobProgress = { state: "preparing", position: null, crop: null, crops: null };

describe("jobText", () => {
  it.each<[Partial<JobProgress>, string]>([
    [{}, "Preparing…"],
    [{ state: "queued", position: 2 }, "Waiting, 2 jobs ahead"],
    [{ state: "queued", position: 1 }, "Waiting, 1 job ahead"],
    [{ state: "queued", position: 0 }, "Next in the queue"],
    [{ state: "queued" }, "Next in the queue"],
    [{ state: "running" }, "Filling…"],
    [{ state: "running", crop: 0, crops: 1 }, "Filling…"],
    [{ state: "running", crop: 0, crops: 4 }, "Filling area 1 of 4…"],
    [{ state: "running", crop: 4, crops: 4 }, "Filling area 4 of 4…"],
    [{ state: "running", crops: 4 }, "Filling area 1 of 4…"],
  ])("describes %j as %s", (progress, text) => {
    expect(jobText({ task: "fill", progress: { ...IDLE, ...progress } }, t)).toBe(text);
  });

  it("names the task", () => {
    const running: JobProgress = { ...IDLE, state: "running" };
    expect(jobText({ task: "cutOut", progress: running }, t)).toBe("Removing background…");
    expect(jobText({ task: "upscale", progress: { ...running, crop: 2, crops: 9 } }, t)).toBe(
      "Upscaling part 3 of 9…",
    );
    expect(jobText({ task: "faces", progress: { ...running, crop: 1, crops: 4 } }, t)).toBe(
      "Restoring faces, part 2 of 4…",
    );
  });
});

describe("seconds", () => {
  it("rounds to one decimal", () => {
    expect(seconds(0)).toBe("0.0");
    expect(seconds(1249)).toBe("1.2");
    expect(seconds(61_000)).toBe("61.0");
  });
});
