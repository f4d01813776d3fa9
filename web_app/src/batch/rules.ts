import type { PluginFields } from "../api/plugins";
import type { EditorState } from "../editor/store";
import { hasPlugin } from "../editor/commands/plugin";

/** Masks that a plugin makes from each image. */
export type PluginRule = "text" | "object" | "background";

/** `one`: the same mask for all images; `each`: a mask with the image's stem for each. */
export type MaskRule = "one" | "each" | PluginRule;

/** A plugin and the use of its mask. */
interface MaskSource {
  readonly fields: PluginFields;
  /** Fills everything but the plugin's mask. */
  readonly invert: boolean;
}

const SOURCES: Readonly<Record<PluginRule, MaskSource>> = {
  text: { fields: { name: "TextMask" }, invert: false },
  object: { fields: { name: "InteractiveSeg" }, invert: false },
  background: { fields: { name: "RemoveBG" }, invert: true },
};

/** Returns true for rules whose masks a plugin makes. */
export function isPluginRule(rule: MaskRule): rule is PluginRule {
  return rule in SOURCES;
}

/** Returns the source of a rule's masks. */
export function sourceOf(rule: PluginRule): MaskSource {
  return SOURCES[rule];
}

/** Returns the rules that a server supports, in the order of the list. */
export function rulesOf(state: Pick<EditorState, "server">): MaskRule[] {
  const rules: readonly MaskRule[] = ["one", "each", "text", "object", "background"];
  return rules.filter((rule) => !isPluginRule(rule) || hasPlugin(state, SOURCES[rule].fields.name, "mask"));
}
