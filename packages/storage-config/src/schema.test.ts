import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkSchema } from '../test/check-schema.ts';
import { configProblems, configSchema, LAYER_NAMES, parseConfig } from './index.ts';
import { LAYER_SHAPES } from './layer-shapes.ts';

const schema = configSchema();

/** Whether the file is taken; what no schema can say is left out of these tests. */
function isTaken(file: unknown): boolean {
  try {
    parseConfig(JSON.stringify(file));
    return true;
  } catch (error) {
    if (configProblems(error).length === 0) throw error;
    return false;
  }
}

const fits = (file: unknown): boolean => checkSchema(schema, file).length === 0;
const withMain = (main: unknown): unknown => ({ storage: { providers: { main } } });

describe('configSchema', () => {
  test('is what is published: granary config schema prints it', async () => {
    const file = await readFile(join(import.meta.dirname, 'storage.schema.json'), 'utf8');
    expect(JSON.parse(file)).toEqual(schema);
  });

  test('knows every layer, alone or with options', () => {
    for (const name of LAYER_NAMES) {
      expect(checkSchema(schema, withMain({ type: 'memory', layers: [{ [name]: {} }] }))).toEqual(
        isTaken(withMain({ type: 'memory', layers: [{ [name]: {} }] })) ? [] : [expect.anything()],
      );
    }
  });

  test.each([
    ['a file', withMain({ type: 'memory' }), true],
    ['a URL', withMain({ url: 'memory:' }), true],
    ['a layer', withMain({ type: 'memory', layers: ['compress'] }), true],
    [
      'a variable for a number',
      withMain({ type: 'm', layers: [{ retry: { attempts: `\${A}` } }] }),
      true,
    ],
    ['a number as text', withMain({ type: 'm', layers: [{ retry: { attempts: '3' } }] }), false],
    ['a fraction', withMain({ type: 'm', layers: [{ retry: { attempts: 1.5 } }] }), false],
    ['too small a number', withMain({ type: 'm', layers: [{ retry: { attempts: 0 } }] }), false],
    ['a wrong word', withMain({ type: 'm', layers: [{ retry: { backoff: 'x' } }] }), false],
    [
      'a variable for a word',
      withMain({ type: 'm', layers: [{ retry: { backoff: `\${A}` } }] }),
      true,
    ],
    ['no storage', {}, false],
    ['no providers', { storage: {} }, false],
    ['another key', { storage: { providers: {} }, other: 1 }, false],
    ['a reserved name', { storage: { providers: { file: { type: 'fs' } } } }, false],
    ['a short name', { storage: { providers: { c: { type: 'fs' } } } }, false],
    ['type and url', withMain({ type: 'm', url: 'm:' }), false],
    ['config and url', withMain({ config: {}, url: 'm:' }), false],
    ['neither type nor url', withMain({ config: {} }), false],
    ['a variable for a type', withMain({ type: `\${T}` }), false],
    ['config that is a list', withMain({ type: 'm', config: [] }), false],
    ['a layer without a name', withMain({ type: 'm', layers: [{}] }), false],
    ['two layers in one', withMain({ type: 'm', layers: [{ compress: {}, quota: {} }] }), false],
    ['an unknown layer', withMain({ type: 'm', layers: ['compres'] }), false],
    ['an unknown option', withMain({ type: 'm', layers: [{ retry: { tries: 1 } }] }), false],
    ['null', withMain({ type: 'm', config: null }), false],
    ['null in config', withMain({ type: 'm', config: { a: null } }), true],
    [
      'a rule',
      { storage: { providers: { main: { type: 'm' } }, routing_rules: [{ provider: 'main' }] } },
      true,
    ],
    [
      'an empty condition',
      {
        storage: {
          providers: { main: { type: 'm' } },
          routing_rules: [{ provider: 'main', condition: {} }],
        },
      },
      false,
    ],
    [
      'a size',
      {
        storage: {
          providers: { main: { type: 'm' } },
          routing_rules: [{ provider: 'main', condition: { size_gt: '100MB' } }],
        },
      },
      true,
    ],
  ])('judges %s as parseConfig does', (_what, file, isRight) => {
    expect({ fits: fits(file), isTaken: isTaken(file) }).toEqual({
      fits: isRight,
      isTaken: isRight,
    });
  });

  test('judges any provider as parseConfig does', () => {
    const scalar = fc.oneof(
      fc.constantFrom('memory', `\${A}`, 'x', '3', '100MB', '-1', '1e3', 'true', 'required', ''),
      fc.integer({ min: -2, max: 9 }),
      fc.double({ min: -3, max: 3, noNaN: true }),
      fc.boolean(),
      fc.constant(null),
    );
    const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }));
    const layers = LAYER_NAMES.map((name) => {
      const names = fc.constantFrom(...Object.keys(LAYER_SHAPES[name].fields), 'x');
      const inside = fc.dictionary(fc.constantFrom('pattern', 'key', 'x'), value);
      const any = fc.oneof(value, inside, fc.array(inside, { maxLength: 2 }));
      return fc.dictionary(names, any, { maxKeys: 2 }).map((own) => ({ [name]: own }));
    });
    const options = fc.dictionary(fc.constantFrom('bucket', 'x'), value, { maxKeys: 3 });
    const layer = fc.oneof(...layers, fc.constantFrom(...LAYER_NAMES, 'x'), value);
    const provider = fc.record(
      {
        type: fc.oneof(fc.constant('memory'), value),
        url: fc.option(value, { nil: undefined, freq: 1 }),
        config: fc.oneof(value, options),
        layers: fc.oneof(fc.tuple(layer), value),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(provider, (main) => {
        const file = parse(JSON.stringify(withMain(main))) as unknown;
        expect({ file, is: fits(file) }).toEqual({ file, is: isTaken(file) });
      }),
      { numRuns: 5000 },
    );
  });
});
