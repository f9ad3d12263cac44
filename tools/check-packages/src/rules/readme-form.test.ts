import { expect, test } from 'vitest';
import { fakePackage, findings } from '../../test/fake-package.ts';
import type { Kind } from '../rule.ts';
import { readmeForm } from './readme-form.ts';

const TITLE = '# @granary/storage-acme\n\nKeeps objects in Acme.\n';
const readme = (...sections: string[]) =>
  TITLE + sections.map((name) => `\n## ${name}\n\nText.\n`).join('');
const BACKEND = readme('Install', 'Use', 'Options', 'Limits', 'License');

const check = (text: string, kind: Kind = 'backend', isPrivate = false) =>
  findings(
    readmeForm,
    fakePackage({ 'README.md': text }, { kind, manifest: { private: isPrivate } }),
  ).map((line) => line.replace(/^.*README.md: /, ''));

test.each<[Kind, string]>([
  ['backend', BACKEND],
  ['backend', readme('Install', 'Use', 'Options', 'Cost', 'Errors', 'Limits', 'License')],
  ['core', readme('Install', 'Use', 'Errors', 'License')],
  ['layers', readme('Install', 'Use', 'Mock', 'Options', 'Limits', 'License')],
])('accepts the form of a %s', (kind, text) => {
  expect(check(text, kind)).toEqual([]);
});

test('accepts badges under the title and headings inside of code', () => {
  const text = BACKEND.replace('\n\nKeeps', '\n\n[![npm](x)](y)\n\nKeeps').replace(
    'Text.',
    '```sh\n# comment\n## another\n```',
  );
  expect(check(text)).toEqual([]);
});

test('refuses another title', () => {
  expect(check(BACKEND.replace('storage-acme', 'acme'))).toEqual([
    "must start with '# @granary/storage-acme'",
  ]);
});

test('refuses a title without a paragraph', () => {
  expect(check(BACKEND.replace('Keeps objects in Acme.', ''))).toEqual([
    expect.stringContaining('one paragraph'),
  ]);
});

test('names sections that are missing', () => {
  expect(check(TITLE)).toEqual([
    "lacks '## Install'",
    "lacks '## Use'",
    "lacks '## Options'",
    "lacks '## License'",
    "lacks '## Errors' or '## Limits'",
    "must end with '## Errors' and/or '## Limits', then '## License'",
  ]);
});

test('refuses sections in another order', () => {
  expect(check(readme('Use', 'Install', 'Options', 'Limits', 'License'))).toEqual([
    expect.stringContaining('in this order'),
  ]);
  expect(check(readme('Install', 'Use', 'Options', 'Limits', 'Errors', 'License'))).toEqual([
    "must have '## Errors' before '## Limits'",
  ]);
  expect(check(readme('Install', 'Use', 'Options', 'Limits', 'More', 'License'))).toEqual([
    expect.stringContaining('must end with'),
  ]);
});

test('asks private packages how to run them, and tools for nothing', () => {
  expect(check(readme('Run'), 'example', true)).toEqual([]);
  expect(check(TITLE, 'app', true)).toEqual(["lacks '## Run'"]);
  expect(check(TITLE, 'tool', true)).toEqual([]);
});

test('leaves a missing README to the rule on files', () => {
  expect(findings(readmeForm, fakePackage())).toEqual([]);
});
