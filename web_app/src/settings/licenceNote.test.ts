import { expect, it } from "vitest";
import { licenceNote } from "./licenceNote";

it.each([
  ["Apache-2.0", null],
  ["BSD-3-Clause", null],
  [null, "models.noLicence"],
  ["LicenseRef-bria-rmbg-1.4", "models.ownLicence"],
  ["Apache-2.0 AND MIT AND CC-BY-NC-SA-4.0", "models.nonCommercial"],
  ["LicenseRef-RestoreFormer AND MIT AND CC-BY-NC-SA-4.0", "models.nonCommercial"],
])("the licence %s has the note %s", (licence, note) => {
  expect(licenceNote(licence)).toBe(note);
});
