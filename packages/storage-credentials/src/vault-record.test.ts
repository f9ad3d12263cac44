import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRecord, encodeRecord } from './vault-record.ts';

const secrets = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());

test('any secret survives, as ASCII without control characters', () => {
  fc.assert(
    fc.property(secrets, secrets, (one, other) => {
      const record = {
        current: { value: one, version: 2, at: '2026-01-01T00:00:00.000Z' },
        old: [{ value: other, version: 1 }],
        next: { value: other, version: 3 },
      };
      const text = encodeRecord(record);
      expect(text).toMatch(/^[\x20-\x7e]+$/);
      expect(decodeRecord(text)).toEqual(record);
    }),
  );
});

test.each([
  'hunter2',
  '"hunter2"',
  '{"granary":2,"current":{"value":"hunter2","version":1}}',
  '{"granary":1}',
  '{"granary":1,"current":{"value":"hunter2"}}',
  '{"granary":1,"current":{"value":"hunter2","version":1},"old":["hunter2"]}',
  '{"granary":1,"current":{"value":"hunter2","version":1},"old":7}',
  '{"granary":1,"current":{"value":"hunter2","version":1,"at":7}}',
  '{"granary":1,"current":{"value":"hunter2","version":1},"next":{}}',
])('what no vault wrote is refused and not quoted: %s', (text) => {
  let error: unknown;
  try {
    decodeRecord(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'invalid-data' });
  expect(String((error as Error).stack)).not.toContain('hunter2');
});
