import type { Codec } from '../../contract/values.ts';
import { checkJson } from './check-json.ts';
import { isExactJson, parseJson } from './exact-json.ts';

/** JSON that comes back as it was given: what JSON cannot hold is refused, and -0 is kept. */
export const jsonCodec: Codec = {
  name: 'json',
  contentType: 'application/json',
  encode: (value) => toJsonText(value),
  decode: parseJson,
};

/** The JSON text of a value. Errors: `invalid-data` for what JSON cannot hold. */
export function toJsonText(value: unknown): string {
  if (isExactJson(value)) return JSON.stringify(value);
  return checkJson(value).hasNegativeZero ? withNegativeZero(value) : JSON.stringify(value);
}

/** `JSON.stringify` for a checked value, writing -0 as `-0`, which JSON has and `JSON.stringify` drops. */
function withNegativeZero(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(withNegativeZero).join()}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `${JSON.stringify(name)}:${withNegativeZero(member)}`);
  return `{${members.join()}}`;
}
