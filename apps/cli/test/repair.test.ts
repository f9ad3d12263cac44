import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { useSandbox } from './run-granary.ts';

const sandbox = useSandbox();
const { run } = sandbox;
const at = (path: string): string => join(sandbox.folder, path);

/** Changes a byte on the disk, as a failing disk does: nothing else tells of it. */
function rot(path: string): void {
  const times = join(sandbox.folder, '../times');
  execFileSync('touch', ['-r', at(path), times]);
  const bytes = readFileSync(at(path));
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  writeFileSync(at(path), bytes);
  // To the nanosecond, which Node cannot set.
  execFileSync('touch', ['-r', times, at(path)]);
}

beforeEach(() => {
  mkdirSync(at('src/deep'), { recursive: true });
  writeFileSync(at('src/a.txt'), 'aaaa');
  writeFileSync(at('src/deep/b.txt'), 'bbbb');
});

describe('granary verify --repair', () => {
  beforeEach(async () => {
    await run('cp -r --keep-checksum src one');
    await run('cp -r --keep-checksum src two');
  });

  test('brings back what is damaged', async () => {
    rot('one/deep/b.txt');
    const { code, out, err } = await run('verify --repair two one');
    expect({ code, out, err }).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^repaired {2}deep\/b\.txt {2}sha256-\S+ expected, sha256-\S+ found\n$/,
      ),
      err: 'Read 2 objects, 4 B: 1 verified, 1 repaired.\n',
    });
    expect(readFileSync(at('one/deep/b.txt'), 'utf8')).toBe('bbbb');
    expect((await run('verify one')).err).toBe('Read 2 objects, 8 B: 2 verified.\n');
  });

  test('leaves what the second copy has not, and ends with 1', async () => {
    rot('one/a.txt');
    rot('two/a.txt');
    rot('one/deep/b.txt');
    await run('rm two/deep/b.txt');
    const { code, records } = await run('verify --repair two one --json');
    expect(code).toBe(1);
    expect(records.at(-1)).toMatchObject({ type: 'summary', damaged: 2, repaired: 0 });
    expect(records.find(({ key }) => key === 'a.txt')).toMatchObject({
      ...{ type: 'object', action: 'verify', status: 'damaged' },
      error: { code: 'corrupted' },
    });
    expect(readFileSync(at('one/a.txt'), 'utf8')).not.toBe('aaaa');
  });

  test('repairs a folder of a store from a folder of another one', async () => {
    rot('one/deep/b.txt');
    expect((await run('verify --repair two/deep one/deep')).err).toContain('1 repaired');
    await run('cp -r src plain');
    expect((await run('verify --repair two plain')).err).toContain('2 without a checksum');
  });

  test.each([
    ['verify --repair one one', 2, 'is what is to be repaired'],
    ['verify --repair nowhere one', 3, 'nowhere'],
    ['verify --repair one nowhere', 3, 'nowhere'],
    ['verify --repair two one --include *.txt', 2, '--repair is for whole folders.'],
  ])('refuses %s', async (words, code, message) => {
    expect(await run(words)).toMatchObject({ code, err: expect.stringContaining(message) });
  });
});

test('a store with the layer integrity repairs itself when it is verified', async () => {
  writeFileSync(
    at('storage.yaml'),
    `
storage:
  providers:
    backup: { type: local, config: { base_path: backup } }
    main:
      type: local
      config: { base_path: main }
      layers: [{ integrity: { repair: { from: backup } } }]
`,
  );
  await run('cp -r src main:');
  await run('cp -r src backup:');
  rot('main/a.txt');
  expect(await run('verify main:')).toMatchObject({
    code: 0,
    err: 'Read 2 objects, 8 B: 2 verified.\n',
  });
  expect(readFileSync(at('main/a.txt'), 'utf8')).toBe('aaaa');
  rot('main/a.txt');
  await run('rm backup:a.txt');
  expect(await run('verify main:')).toMatchObject({
    code: 1,
    err: expect.stringMatching(
      /^error corrupted: fs get "a\.txt": .*: 1 verified, 1 damaged\.\n$/s,
    ),
  });
  const { code, out, err } = await run('verify --repair backup: main:');
  expect({ code, out }).toEqual({ code: 1, out: 'damaged   a.txt\n' });
  expect(err).toMatch(/^error corrupted: \w+ verify "a\.txt": /);
});
