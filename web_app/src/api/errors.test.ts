import { describe, expect, it } from "vitest";
import { describeFailure, isAbort, sentenceOf, UserError } from "./errors";

describe("errors", () => {
  it("passes the server's sentence on", () => {
    const body = JSON.stringify({ error: "QueueFull", detail: "The queue is full.", body: "", errors: "" });
    expect(describeFailure(429, body)).toBe("The queue is full.");
  });

  it.each(["<html>Bad gateway</html>", "", "null", "[]", '{"detail":""}', '{"detail":[1]}'])(
    "names the status where the answer is %s",
    (body) => {
      expect(describeFailure(503, body)).toBe("The server answered with status 503.");
    },
  );

  it("tells a stop by the user from a failure", () => {
    expect(isAbort(new DOMException("stopped", "AbortError"))).toBe(true);
    expect(isAbort(new TypeError("failed to fetch"))).toBe(false);
  });

  it("always has a sentence", () => {
    expect(sentenceOf(new UserError("Too large."))).toBe("Too large.");
    expect(sentenceOf(new TypeError("failed to fetch"))).toContain("reached");
    expect(sentenceOf("odd")).toBe("odd");
  });
});
