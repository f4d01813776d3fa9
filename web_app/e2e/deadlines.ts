/*
 * Deadlines in milliseconds. They bound failures only, and leave room for machines under load: no test
 * depends on the time that passes.
 */

/** For the page to react. */
export const UI_MS = 60_000;
/** For one fill. */
export const FILL_MS = 180_000;
/** For a batch of fills. */
export const BATCH_MS = 400_000;
/** For a whole test. */
export const TEST_MS = 600_000;
