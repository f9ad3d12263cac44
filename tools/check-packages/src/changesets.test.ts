import { expect, test } from 'vitest';
import { fakePackage } from '../test/fake-package.ts';
import { missingChangesets } from './changesets.ts';

const acme = fakePackage();
const bench = fakePackage({}, { folder: 'apps/bench', manifest: { private: true } });
const missing = (changed: string[], ...changesets: string[]) =>
  missingChangesets([acme, bench], changed, changesets).map(({ place }) => place);

test.each(['src/index.ts', 'package.json'])('asks for a changeset when %s changed', (path) => {
  expect(missing([`packages/storage-acme/${path}`])).toEqual(['packages/storage-acme']);
});

test.each(['src/index.test.ts', 'test/a.test.ts', 'README.md', 'vitest.config.ts'])(
  'asks for none when %s changed',
  (path) => {
    expect(missing([`packages/storage-acme/${path}`, 'packages/storage-acme-2/src/a.ts'])).toEqual(
      [],
    );
  },
);

test.each(["'@granary/storage-acme': minor", '"@granary/storage-acme": patch'])(
  'is content with a changeset that says %s',
  (line) => {
    const text = `---\n'@granary/storage-core': minor\n${line}\n---\n\nAdds lists.\n`;
    expect(missing(['packages/storage-acme/src/index.ts'], text)).toEqual([]);
  },
);

test('does not take the text of a changeset for its front matter', () => {
  const text = "---\n'@granary/storage-core': minor\n---\n\n'@granary/storage-acme': no\n";
  expect(missing(['packages/storage-acme/src/a.ts'], text, 'no front matter')).toHaveLength(1);
});

test('asks private packages for none', () => {
  expect(missing(['apps/bench/src/main.ts'])).toEqual([]);
});
