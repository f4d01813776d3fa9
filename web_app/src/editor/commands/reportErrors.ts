import { errorMessage, isAbort } from "../../api/errors";
import { notify } from "../notifications";

/** Runs a command and shows its error; returns true on success. Aborts are not errors. */
export async function reportErrors(command: () => Promise<unknown>): Promise<boolean> {
  try {
    await command();
    return true;
  } catch (thrown) {
    if (!isAbort(thrown)) notify({ kind: "error", text: errorMessage(thrown) });
    return false;
  }
}
