import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  credentialOf,
  entryOf,
  keyEntryOf,
  keyNameOf,
  titleOf,
  toCredential,
} from './credential-name.ts';

const words = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => text.isWellFormed());
const credentials = fc.record({
  service: words.filter((service) => service !== ''),
  account: fc.option(words, { nil: undefined }),
});

describe('the names of entries', () => {
  test('are plain ASCII, and say which credential it is', () => {
    fc.assert(
      fc.property(credentials, ({ service, account }) => {
        const credential = toCredential({ service, account });
        const entry = entryOf(credential);
        expect(entry).toMatch(/^[\w.~%@-]+(\/[\w.~%@-]*)?$/);
        expect(credentialOf(entry)).toEqual(credential);
        expect(keyNameOf(entry)).toBeUndefined();
      }),
    );
  });

  test('of data keys are others', () => {
    fc.assert(
      fc.property(
        words.filter((name) => name !== ''),
        (name) => {
          const entry = keyEntryOf(name);
          expect(keyNameOf(entry)).toBe(name);
          expect(credentialOf(entry)).toBeUndefined();
        },
      ),
    );
  });

  test.each(['', 'a/b/c', '!part/x', '%', '%ff', '/a'])('%j is none of a credential', (entry) => {
    expect(credentialOf(entry)).toBeUndefined();
    expect(keyNameOf('!key/%ff')).toBeUndefined();
  });

  test('are refused where there is none to make', () => {
    for (const name of ['', '\ud800', 7 as unknown as string]) {
      const refused = expect.objectContaining({ code: 'invalid-key' });
      expect(() => toCredential(name)).toThrow(refused);
      expect(() => keyEntryOf(name)).toThrow(refused);
      if (name !== '') expect(() => toCredential('a', name)).toThrow(refused);
    }
  });

  test('are told as people write them', () => {
    expect(titleOf({ service: 'git hub' })).toBe('git hub');
    expect(titleOf({ service: 'git', account: 'ann' })).toBe('git/ann');
  });
});
