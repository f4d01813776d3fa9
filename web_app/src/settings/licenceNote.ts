import type { MessageKey } from "../i18n";

/** Returns a note on a licence that restricts the use of a model or isn't known; null for open licences. */
export function licenceNote(licence: string | null): MessageKey | null {
  if (licence === null) return "models.noLicence";
  if (/\bCC-BY-NC\b/.test(licence)) return "models.nonCommercial";
  return licence.includes("LicenseRef-") ? "models.ownLicence" : null;
}
