import { usageError } from '../exit-codes.ts';

const SPANS = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 7 * 86_400_000],
  ['y', 365 * 86_400_000],
]);
const HINT = 'Write a span such as 90m, 12h, 30d, 2w or 1y, or a date such as 2026-03-01.';

/** Reads a span such as `30d`. Units: ms. Returns nothing for anything else. */
function spanMs(text: string): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([smhdwy])$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : SPANS.get(unit);
  return factor === undefined ? undefined : Number(digits) * factor;
}

function dateMs(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Reads a moment in the past: a date, or how long ago. Errors: usage. */
export function parsePast(text: string, now: number): Date {
  const ago = spanMs(text);
  const ms = ago === undefined ? dateMs(text) : now - ago;
  if (ms === undefined) throw usageError(`"${text}" is not a time.`, HINT);
  return new Date(ms);
}

/** Reads a moment to come: a date, or in how long. Errors: usage. */
export function parseFuture(text: string, now: number): Date {
  const ahead = spanMs(text);
  const ms = ahead === undefined ? dateMs(text) : now + ahead;
  if (ms === undefined) throw usageError(`"${text}" is not a time.`, HINT);
  return new Date(ms);
}
