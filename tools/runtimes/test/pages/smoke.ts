/** The longest a scenario may take in a browser that shares its machine. Units: ms. */
export const TIMEOUT_MS = 60_000;

/** What of the kit shows that a backend works in a place; its own tests run all of it in Chromium. */
export const SMOKE: Readonly<{ rules: readonly string[]; slow: boolean }> = {
  rules: [
    'GET',
    ...rules('PUT', 5),
    'STAT',
    'DEL',
    ...rules('LIST', 8),
    'COND',
    ...rules('RANGE', 4),
    'ABORT-2',
    'WATCH',
  ],
  slow: false,
};

/** The first rules of an area. */
function rules(area: string, last: number): readonly string[] {
  return Array.from({ length: last }, (_, index) => `${area}-${index + 1}`);
}
