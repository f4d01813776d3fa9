import { describe, expect, it } from "vitest";
import { describeFailure, errorMessage, isAbort, UserError } from "./errors";

describe("errors", () => {
  it("use the server's message", () => {
    const body = JSON.stringify({ error: "QueueFull", detail: "The queue is full.", body: "", errors: "" });
    expect(describeFailure(429, body)).toBe("The queue is full.");
  });

  it.each(["<html>Bad gateway</html>", "", "null", "[]", '{"detail":""}', '{"detail":[1]}'])(
    "name the status for the body %s",
    (body) => {
      expect(describeFailure(503, body)).toBe("The server returned an unexpected response (HTTP 503).");
    },
  );

  it("distinguish aborts from failures", () => {
    expect(isAbort(new DOMException("stopped", "AbortError"))).toBe(true);
    expect(isAbort(new TypeError("failed to fetch"))).toBe(false);
  });

  it("always have a message", () => {
    expect(errorMessage(new UserError("Too large."))).toBe("Too large.");
    expect(errorMessage(new TypeError("failed to fetch"))).toContain("Can't reach the server");
    expect(errorMessage("odd")).toBe("odd");
  });
});
