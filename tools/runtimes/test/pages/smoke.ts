/** The longest a scenario may take in a browser that shares its machine. Units: ms. */
export const TIMEOUT_MS = 30_000;

/** What of the kit shows that a backend works in a place; its own tests run all of it in Chromium. */
export const SMOKE: Readonly<{ rules: readonly string[]; slow: boolean }> = {
  rules: ['GET', 'PUT', 'STAT', 'DEL', 'LIST', 'COND', 'RANGE', 'COPY', 'WATCH'],
  slow: false,
};
