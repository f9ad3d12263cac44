/** A number of bytes, with or without a unit. `MB` is 1,000,000 bytes, `MiB` 1,048,576. */
export const SIZE_PATTERN: RegExp = /^(?:\d+ ?B?|\d+(?:\.\d+)? ?[kKMGTP]i?B?)$/;

const PARTS = /^([\d.]+) ?([A-Za-z]i?)?/;

const EXPONENTS: Readonly<Record<string, number>> = { K: 1, M: 2, G: 3, T: 4, P: 5 };

/** Reads `100MB`, `1.5 GiB`, `4096`. Units: bytes. */
export function parseSize(text: string): number | undefined {
  const [, digits = '', unit = ''] = PARTS.exec(text) ?? [];
  if (!SIZE_PATTERN.test(text)) return undefined;
  const base = unit.endsWith('i') ? 1024 : 1000;
  const size = Number(digits) * base ** (EXPONENTS[unit.charAt(0).toUpperCase()] ?? 0);
  return Number.isSafeInteger(Math.round(size)) ? Math.round(size) : undefined;
}
