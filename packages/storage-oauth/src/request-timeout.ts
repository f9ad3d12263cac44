/** The longest one request may take. Units: ms. */
export const REQUEST_TIMEOUT_MS = 20_000;
