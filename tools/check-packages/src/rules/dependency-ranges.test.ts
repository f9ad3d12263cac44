import { expect, test } from 'vitest';
import { fakePackage, findings } from '../../test/fake-package.ts';
import { dependencyRanges } from './dependency-ranges.ts';

const rule = dependencyRanges(new Set(['vitest', 'zod']));
const core = fakePackage({}, { folder: 'packages/storage-core' });
const presets = fakePackage({}, { manifest: { name: '@granary-tools/presets' } });
const check = (manifest: object) => findings(rule, core, presets, fakePackage({}, { manifest }));

test('accepts workspace and catalog ranges', () => {
  expect(
    check({
      dependencies: { '@granary/storage-core': 'workspace:^', yaml: '^2.0.0', zod: '^4.0.0' },
      devDependencies: {
        '@granary-tools/presets': 'workspace:*',
        vitest: 'catalog:',
        left: '1.0.0',
      },
    }),
  ).toEqual([]);
});

test.each([
  ['dependencies', '@granary/storage-core', '^0.1.0', 'workspace:^'],
  ['optionalDependencies', '@granary/storage-core', 'workspace:*', 'workspace:^'],
  ['devDependencies', '@granary-tools/presets', '*', 'workspace:*'],
  ['devDependencies', 'vitest', '^5.0.0', 'catalog:'],
])('refuses %s %s %s', (field, name, range, expected) => {
  expect(check({ [field]: { [name]: range } })).toEqual([
    `packages/storage-acme/package.json: "${name}" must be "${expected}", not "${range}"`,
  ]);
});

test('takes all of a private package from the catalog', () => {
  expect(check({ private: true, dependencies: { vitest: '^5.0.0' } })).toHaveLength(1);
  expect(check({ private: true, dependencies: { vitest: 'catalog:' } })).toEqual([]);
});
