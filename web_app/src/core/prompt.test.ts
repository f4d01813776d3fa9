import { describe, expect, it } from "vitest";
import { extendPrompt, promptFields, type Prompt, type PromptInput } from "./prompt";

const IMAGE = { width: 200, height: 150 };

const click = (x: number, y: number, mode: "add" | "remove" = "add", starts = false): PromptInput => ({
  kind: "click",
  at: { x, y },
  mode,
  starts,
});

/** Returns the prompt after several inputs. */
function promptOf(...inputs: PromptInput[]): Prompt | null {
  return inputs.reduce<Prompt | null>((prompt, input) => extendPrompt(prompt, input, IMAGE), null);
}

const fieldsOf = (...inputs: PromptInput[]) => {
  const prompt = promptOf(...inputs);
  return prompt && promptFields(prompt);
};

describe("extendPrompt", () => {
  it("collects clicks on whole pixels", () => {
    expect(fieldsOf(click(20.9, 30.2), click(40, 50), click(60, 70, "remove"))).toEqual({
      clicks: [
        [20, 30, 1],
        [40, 50, 1],
        [60, 70, 0],
      ],
    });
  });

  it("starts again on request", () => {
    expect(fieldsOf(click(20, 30), click(40, 50, "add", true))).toEqual({ clicks: [[40, 50, 1]] });
  });

  it("removes an object if the first click does", () => {
    expect(promptOf(click(20, 30, "remove"), click(40, 50, "remove"))).toMatchObject({
      mode: "remove",
      clicks: [{ inside: true }, { inside: true }],
    });
    expect(promptOf(click(20, 30, "remove"), click(40, 50))).toMatchObject({
      mode: "add",
      clicks: [{ at: { x: 40, y: 50 }, inside: true }],
    });
  });

  it("clips boxes to the image and keeps them with clicks", () => {
    const box: PromptInput = { kind: "box", from: { x: 190.4, y: 20 }, to: { x: 300, y: -10 }, mode: "add" };
    expect(fieldsOf(click(20, 30), box, click(195, 10, "remove"))).toEqual({
      box: [190, 0, 200, 20],
      clicks: [[195, 10, 0]],
    });
  });

  it("takes the whole image for the main object", () => {
    expect(fieldsOf({ kind: "main" }, click(5, 5))).toEqual({ box: [0, 0, 200, 150], clicks: [[5, 5, 1]] });
  });

  it("limits the corners of an outline", () => {
    const points = Array.from({ length: 1000 }, (_, at) => ({
      x: 100 + 50.3 * Math.cos(at / 159),
      y: 75 + 50.3 * Math.sin(at / 159),
    }));
    const lasso = fieldsOf({ kind: "lasso", points, mode: "add" })?.lasso ?? [];
    expect(lasso).toHaveLength(128);
    expect(lasso[0]).toEqual([150, 75]);
    const square = points.filter((_, at) => at % 250 === 0);
    expect(fieldsOf({ kind: "lasso", points: square, mode: "add" })?.lasso).toHaveLength(4);
  });

  it("ignores inputs outside the image", () => {
    expect(promptOf(click(200, 10))).toBeNull();
    expect(promptOf(click(-0.5, 10))).toBeNull();
    const box: PromptInput = { kind: "box", from: { x: 210, y: 5 }, to: { x: 220, y: 9 }, mode: "add" };
    expect(promptOf(box)).toBeNull();
  });
});
