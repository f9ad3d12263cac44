import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { companionKeys } from './companion-keys.ts';
import { type CompanionLayout, companionName, isCompanionName } from './companion-layout.ts';

const LAYOUTS: CompanionLayout[] = ['meta-json', 'meta', 'manifest'];

describe.each(LAYOUTS)('ordinary keys that look like companions in the layout %s', (layout) => {
  const keys = companionKeys(layout);
  const segment = fc.oneof(
    fc.constantFrom(
      'a',
      'a.meta.json',
      'a.meta.json!',
      'a.meta',
      'a.meta!!',
      '.source-metadata.json',
      '.source-metadata.json!',
      '!',
      'b!',
    ),
    fc.string({ minLength: 1 }).filter((text) => !text.includes('/')),
  );
  const key = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));

  test('are written otherwise and read back', () => {
    fc.assert(
      fc.property(key, (name) => {
        const below = keys.down(name);
        expect(keys.up(below)).toBe(name);
        for (const part of below.split('/')) expect(isCompanionName(part, layout)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test('are found by every prefix', () => {
    fc.assert(
      fc.property(key, fc.nat(20), (name, at) => {
        expect(keys.down(name).startsWith(keys.downPrefix(name.slice(0, at)))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('are not taken for companions, which are hidden', () => {
    expect(keys.up(companionName('a/b', layout))).toBeUndefined();
    expect(keys.up(`${companionName('a/b', layout)}/c`)).toBeUndefined();
    expect(keys.down('a/b.txt')).toBe('a/b.txt');
  });
});
