import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseYaml, toYamlText } from './yaml-codec.ts';

const encoder = new TextEncoder();
const parse = (text: string) => parseYaml(encoder.encode(text));

describe('YAML', () => {
  test('gives values back exactly as they were', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme-composite' }), fc.string({ unit: 'binary' }));
    const json = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        text,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value')),
        fc.dictionary(text, tie('value')),
      ),
    })).value;
    fc.assert(
      fc.property(json, (value) => {
        expect(parse(toYamlText(value))).toEqual(value);
      }),
    );
  });

  test('keeps -0 and strings that look like something else', () => {
    for (const value of [
      -0,
      '123',
      '1e3',
      'true',
      'null',
      '~',
      '',
      '2026-11-21',
      '0x1F',
      'yes',
      '- a',
      ': ',
      '#',
      '\ufeff',
      ' a ',
      'a\nb',
      '<<',
      '=',
    ]) {
      expect(parse(toYamlText(value))).toBe(value);
      expect(parse(toYamlText({ [String(value)]: value }))).toEqual({ [String(value)]: value });
    }
  });

  test('quotes strings that older YAML would read as dates or truth values', () => {
    expect(toYamlText({ a: 'yes', b: '2026-11-21' })).toBe('a: "yes"\nb: "2026-11-21"\n');
  });

  test('writes shared objects out and folds nothing', () => {
    const shared = { long: 'word '.repeat(60) };
    const text = toYamlText([shared, shared]);
    expect(text).not.toContain('&');
    expect(text.split('\n').filter((line) => line !== '')).toHaveLength(2);
  });

  test('refuses what JSON cannot hold', () => {
    expect(() => toYamlText({ at: new Date(0) })).toThrow(
      expect.objectContaining({ code: 'invalid-data' }),
    );
  });

  test('keeps lone surrogates, which YAML can escape', () => {
    for (const value of ['\ud800', 'a\udfffb', 'a\n\ud800\n', '- \ud800', '\udc00: ']) {
      for (const holder of [value, { [value]: 1 }, [value]]) {
        expect(parse(new TextDecoder().decode(encoder.encode(toYamlText(holder))))).toEqual(holder);
      }
    }
  });

  test('leaves dates as the strings they are', () => {
    expect(parse('at: 2026-11-21\n')).toEqual({ at: '2026-11-21' });
    expect(parse('at: 2026-11-21T10:00:00Z\n')).toEqual({ at: '2026-11-21T10:00:00Z' });
  });

  test('reads names as strings and keeps __proto__ a name', () => {
    const value = parse('1: a\n__proto__:\n  polluted: true\n') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['1', '__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('takes << for a plain name', () => {
    expect(parse('<<: { a: 1 }\n')).toEqual({ '<<': { a: 1 } });
  });

  test.each([
    ['a second document', 'a: 1\n---\nb: 2\n'],
    ['a key that is there twice', 'a: 1\nb: 2\na: 3\n'],
    ['a tag of a program', 'f: !!js/function "x"\n'],
    ['a tag that nobody knows', 'f: !thing 1\n'],
    ['broken nesting', 'a: [1, 2\n'],
    ['a name that is a list', '? [a, b]\n: 1\n'],
    ['an alias of nothing', 'a: *b\n'],
  ])('refuses %s and says where, without its content', (_title, text) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: 'invalid-data', message: expect.stringMatching(/line \d+/) }),
    );
  });

  test('refuses aliases that multiply', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level += 1) {
      const alias = `*a${level - 1}`;
      lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => alias).join(', ')}]`);
    }
    expect(() => parse(`${lines.join('\n')}\n`)).toThrow(
      expect.objectContaining({ code: 'invalid-data' }),
    );
  });

  test('reads an empty document as null', () => {
    expect(parse('')).toBe(null);
  });
});
