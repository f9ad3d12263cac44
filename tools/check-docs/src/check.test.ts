import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '@granary-tools/workspace';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkDocuments } from './check.ts';

let root = '';
const put = (path: string, ...lines: string[]) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), lines.join('\n'));
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'granary docs '));
  put('packages/acme/dist/index.js', 'export const one = 1;');
  put('packages/acme/dist/index.d.ts', 'export declare const one: number;');
  put('packages/acme/dist/main.js', "console.log('acme', process.argv[2]);");
  put(
    'packages/acme/package.json',
    JSON.stringify({
      name: '@granary/acme',
      type: 'module',
      exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    }),
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function check(limitMs = 30_000) {
  const said: string[] = [];
  const manifest = { name: '@granary/acme', bin: { acme: './dist/main.js' } };
  const problems = await checkDocuments({
    root,
    packages: [
      { folder: 'packages/acme', path: join(root, 'packages/acme'), manifest },
      { folder: 'packages/b', path: join(root, 'packages/b'), manifest: { name: '@granary/b' } },
    ],
    compiler: join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'),
    limitMs,
    say: (line) => said.push(line),
  });
  return { problems, said };
}

describe('checkDocuments', () => {
  test('typechecks and runs blocks that import the packages', async () => {
    put(
      'README.md',
      '```ts',
      "import { one } from '@granary/acme';",
      "if (one !== 1) throw new Error('wrong');",
      '```',
      '```js',
      "await import('@granary/acme');",
      '```',
      '```sh run',
      'test "$(acme hello)" = "acme hello"',
      '```',
      '```sh',
      'exit 1',
      '```',
    );
    expect(await check()).toEqual({
      problems: [],
      said: ['1 documents: 1 blocks typechecked, 3 run'],
    });
  });

  test('says where in the document the types are wrong', async () => {
    put('docs/a.md', 'Text.', '```ts no-run', 'const a = 1;', 'const b: string = a;', '```');
    expect((await check()).problems).toEqual([expect.stringMatching(/^docs\/a.md:4: TS2322/)]);
  });

  test('says it once when later blocks continue the wrong one', async () => {
    put(
      'a.md',
      '```ts no-run',
      'const b: string = 1;',
      '```',
      '```ts no-run continues',
      'b',
      '```',
    );
    expect((await check()).problems).toHaveLength(1);
  });

  test('wants a type error where one is promised', async () => {
    put('a.md', '```ts type-error', 'const b: string = 1;', '```');
    put('b.md', '```ts type-error', 'const b: number = 1;', '```');
    expect((await check()).problems).toEqual([
      "b.md:2: typechecks, though it is marked 'type-error'",
    ]);
  });

  test('finds code that fails when it is run', async () => {
    put('a.md', '```js', "throw new Error('no such bucket');", '```');
    put('b.md', '```sh run', 'false', 'true', '```');
    expect((await check()).problems).toEqual([
      expect.stringMatching(/^a.md:2: fails when it is run\n.*no such bucket/s),
      expect.stringMatching(/^b.md:2: fails when it is run/),
    ]);
  });

  test('ends code that runs for too long', async () => {
    put('a.md', '```js', "console.log('waiting'); setInterval(() => {}, 1000);", '```');
    expect((await check(500)).problems).toEqual([
      expect.stringMatching(/^a.md:2: runs for longer than 0.5 s/),
    ]);
  });

  test('keeps what code writes out of the repository and of the home folder', async () => {
    put(
      'a.md',
      '```js',
      "import { homedir } from 'node:os';",
      'const places = [homedir(), process.cwd()];',
      "if (!places.every((place) => place.includes('granary-docs-'))) throw new Error(places);",
      '```',
    );
    expect((await check()).problems).toEqual([]);
  });

  test('reads no document of others', async () => {
    const broken = ['```ts', 'const b: string = 1;', '```'];
    put('packages/acme/CHANGELOG.md', ...broken);
    put('packages/acme/node_modules/x/README.md', ...broken);
    put('packages/acme/api/index.api.md', ...broken);
    put('tools/create-package/templates/README.md', ...broken);
    expect((await check()).problems).toEqual([]);
  });

  test('reads the documents of the named folders only', async () => {
    put('a.md', '```ts norun', '```');
    put('docs/b.md', '```ts norun', '```');
    const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const context = { root, packages: [], compiler, limitMs: 1000, say: () => {} };
    expect(await checkDocuments({ ...context, folders: ['docs/'] })).toEqual([
      expect.stringMatching(/^docs\/b.md:1/),
    ]);
  });

  test('reports fences that cannot be read', async () => {
    put('a.md', '```ts norun', '```');
    expect((await check()).problems).toEqual(["a.md:1: 'norun' means nothing after 'ts'"]);
  });

  test('shows what the compiler says when it fails without an error of ours', async () => {
    put('a.md', '```ts', 'export {};', '```');
    const problems = await checkDocuments({
      root,
      packages: [],
      limitMs: 1000,
      compiler: join(root, 'no-such-compiler.js'),
      say: () => {},
    });
    expect(problems[0]).toMatch(/^the compiler failed:\n.*no-such-compiler/s);
  });
});
