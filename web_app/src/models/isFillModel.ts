interface Model {
  readonly name: string;
  readonly task?: string;
}

/** Returns true for models that fill holes; servers without other models don't report the task. */
export function isFillModel({ task = "inpaint" }: Model): boolean {
  return task === "inpaint";
}
