import type { Codec } from '../../contract/values.ts';

/**
 * Keeps what JSON alone cannot: `Date`, `Map`, `Set`, `BigInt`, `undefined`, `NaN`, the infinities,
 * -0, typed arrays and `ArrayBuffer`, nested in any way. Give it to a storage as
 * `codecs: [richJson]` and save with `format: 'rich-json'`; items load by their content type.
 *
 * Wire form: JSON in which each such value is an object with one name: `{"$date":"<ISO-8601>"}`,
 * `{"$map":[[key,value],…]}`, `{"$set":[…]}`, `{"$bigint":"<decimal>"}`, `{"$undefined":true}`,
 * `{"$number":"NaN" | "Infinity" | "-Infinity" | "-0"}`, `{"$bytes":["<type>","<base64>"]}` (typed arrays in
 * little-endian order). A plain object with one name that starts with `$` is written as
 * `{"$plain":{…}}`.
 */
export const richJson: Codec = {
  name: 'rich-json',
  contentType: 'application/vnd.granary.rich-json',
  encode: async (value) => (await import('./rich-json-wire.ts')).toRichJson(value),
  decode: async (bytes) => (await import('./rich-json-wire.ts')).fromRichJson(bytes),
};
