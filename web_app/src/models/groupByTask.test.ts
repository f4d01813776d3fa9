import { expect, it } from "vitest";
import type { components } from "../api/schema";
import { groupByTask } from "./groupByTask";

type Model = components["schemas"]["KnownModel"];

function model(name: string, task: Model["task"]): Model {
  return {
    name,
    task,
    title: name,
    state: "ready",
    bytes: null,
    downloaded: null,
    licence: null,
    downloadable: false,
  };
}

it("groupByTask keeps the order of tasks and of models", () => {
  const models = [
    model("esrgan", "upscale"),
    model("lama", "inpaint"),
    model("sam", "segment-by-prompt"),
    model("mat", "inpaint"),
  ];
  const groups = groupByTask(models).map((group) => [group.task, ...group.models.map(({ name }) => name)]);
  expect(groups).toEqual([
    ["inpaint", "lama", "mat"],
    ["segment-by-prompt", "sam"],
    ["upscale", "esrgan"],
  ]);
});
