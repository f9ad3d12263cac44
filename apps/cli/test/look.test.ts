import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { useSandbox } from './run-granary.ts';

const sandbox = useSandbox();
const { run } = sandbox;

function put(path: string, content: string): void {
  const full = join(sandbox.folder, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, content);
}

beforeEach(() => {
  put('photos/2024/a.jpg', 'aaa');
  put('photos/2024/b.jpg', 'bbbbb');
  put('photos/2025/c.png', 'c'.repeat(2000));
  put('photos/top.txt', 'top');
});

describe('granary ls', () => {
  test('lists one level, folders with a slash', async () => {
    expect(await run('ls photos')).toMatchObject({
      code: 0,
      out: '2024/\n2025/\ntop.txt\n',
      err: '',
    });
  });

  test('lists the current folder without a place', async () => {
    expect((await run('ls')).out).toBe('photos/\n');
  });

  test('lists everything with -r', async () => {
    expect((await run('ls -r photos')).out).toBe('2024/a.jpg\n2024/b.jpg\n2025/c.png\ntop.txt\n');
  });

  test('shows sizes and times with -l', async () => {
    const { out } = await run('ls -l photos');
    expect(out).toMatch(
      /^ +- +2024\/\n +- +2025\/\n3 B {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}top\.txt\n$/,
    );
  });

  test('stops at a limit', async () => {
    expect((await run('ls -r --limit 2 photos')).out).toBe('2024/a.jpg\n2024/b.jpg\n');
  });

  test('shows an object as itself', async () => {
    expect((await run('ls photos/top.txt')).out).toBe('top.txt\n');
  });

  test('prints JSON', async () => {
    const { records } = await run('ls photos --json');
    expect(records).toEqual([
      { type: 'prefix', key: '2024/' },
      { type: 'prefix', key: '2025/' },
      {
        type: 'object',
        key: 'top.txt',
        size: 3,
        etag: expect.any(String),
        modifiedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ]);
  });

  test('says nothing about a folder that is empty', async () => {
    mkdirSync(join(sandbox.folder, 'empty'));
    expect(await run('ls empty')).toMatchObject({ code: 0, out: '', err: '' });
    expect(await run('ls memory:')).toMatchObject({ code: 0, out: '' });
  });

  test('ends with 3 for what does not exist', async () => {
    expect(await run('ls nowhere')).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringContaining('error not-found: nowhere: there is no object or folder'),
    });
    expect((await run('ls nowhere/')).code).toBe(3);
    expect((await run('ls memory:x/y')).code).toBe(3);
  });

  test('writes names that could steer the terminal as escapes', async () => {
    put('odd/a\u001b[2Jb', 'x');
    expect((await run('ls odd')).out).toBe('a\\u{1b}[2Jb\n');
  });

  test('shows what it does not know as a question mark', async () => {
    const url = `parts:${sandbox.folder}/p?bare=true`;
    const backend = ['--backend', join(import.meta.dirname, 'fixtures/parts-backend.ts')];
    await run(['cp', 'photos/top.txt', `parts:${sandbox.folder}/p/`, ...backend]);
    const { out } = await run(['ls', '-l', url, ...backend]);
    expect(out).toBe('?  ?  top.txt\n');
  });
});

describe('granary cat', () => {
  test('writes objects one after the other', async () => {
    expect((await run('cat photos/top.txt photos/2024/a.jpg')).out).toBe('topaaa');
  });

  test.each([
    ['1-', 'op'],
    ['0-0', 't'],
    ['-2', 'op'],
  ])('writes the part %s', async (range, text) => {
    expect((await run(['cat', '--range', range, 'photos/top.txt'])).out).toBe(text);
  });

  test('ends with 3 for what does not exist, and 2 for a folder', async () => {
    expect((await run('cat photos/none')).code).toBe(3);
    expect((await run('cat memory:')).code).toBe(2);
  });

  test('ends with 2 for a part that is not there', async () => {
    expect(await run('cat --range 9- photos/top.txt')).toMatchObject({
      code: 2,
      err: expect.stringContaining('range-not-satisfiable'),
    });
  });
});

describe('granary stat', () => {
  test('shows what is known', async () => {
    await run([
      ...[
        'put',
        'photos/top.txt',
        'store/x.txt',
        '--type',
        'text/x-note',
        '--tag',
        'one',
        '--tag',
        'two',
      ],
      ...['-m', 'stars:=3', '-m', 'by=kim', '--expires', '1y', '--checksum'],
      ...['--cache-control', 'no-store', '--language', 'de', '--disposition', 'inline'],
    ]);
    const { out, code } = await run('stat store/x.txt');
    expect(code).toBe(0);
    expect(out).toMatch(/^key +x\.txt\nsize +3 B\nmodified +\S+ \S+Z\n/);
    for (const line of [
      /^expires +20/m,
      /^type +text\/x-note$/m,
      /^language +de$/m,
      /^disposition +inline$/m,
      /^cache control +no-store$/m,
      /^tags +one, two$/m,
      /^metadata stars +3$/m,
      /^metadata by +"kim"$/m,
      /^checksum +sha256-/m,
      /^etag +\S+$/m,
    ]) {
      expect(out).toMatch(line);
    }
  });

  test('shows several, and large sizes to the byte', async () => {
    const { out } = await run('stat photos/top.txt photos/2025/c.png');
    expect(out).toContain('\n\nkey       c.png\nsize      2.0 kB (2,000 bytes)\n');
  });

  test('prints JSON', async () => {
    await run('put photos/top.txt store/x.txt --tag one -m n:=1');
    const { records } = await run('stat store/x.txt --json');
    expect(records).toMatchObject([
      { type: 'object', key: 'x.txt', size: 3, tags: ['one'], metadata: { n: 1 } },
    ]);
  });
});

describe('granary find', () => {
  const found = async (...words: string[]): Promise<string[]> =>
    (await run(['find', 'photos', ...words])).out.split('\n').filter(Boolean);

  test('finds everything without a question', async () => {
    expect(await found()).toHaveLength(4);
    expect((await run('find')).out).toContain('photos/top.txt\n');
  });

  test('finds by name and path', async () => {
    expect(await found('--name', '*.jpg')).toEqual(['photos/2024/a.jpg', 'photos/2024/b.jpg']);
    expect(await found('-n', '2025/**', '-n', 'top.*')).toEqual([
      'photos/2025/c.png',
      'photos/top.txt',
    ]);
    expect(await found('--exclude', '*.jpg', '--exclude', 'top*')).toEqual(['photos/2025/c.png']);
  });

  test('finds by size', async () => {
    expect(await found('--larger', '1kB')).toEqual(['photos/2025/c.png']);
    expect(await found('--larger', '3', '--smaller', '1k')).toEqual(['photos/2024/b.jpg']);
  });

  test('finds by age', async () => {
    expect(await found('--newer', '1h')).toHaveLength(4);
    expect(await found('--older', '1h')).toEqual([]);
    const later = Date.now() + 86_400_000;
    const { out } = await run('find photos --older 1h', { now: () => later });
    expect(out.split('\n').filter(Boolean)).toHaveLength(4);
  });

  test('asks for sizes where the listing does not tell them', async () => {
    const backend = ['--backend', join(import.meta.dirname, 'fixtures/parts-backend.ts')];
    const url = `parts:${sandbox.folder}/p`;
    await run(['cp', '-r', 'photos', url, ...backend]);
    const bare = `${url}?bare=true`;
    expect((await run(['find', bare, '--larger', '1kB', ...backend])).out).toBe(
      `parts:${sandbox.folder}/p/2025/c.png?bare=true\n`,
    );
  });

  test('stops at a limit', async () => {
    expect(await found('--limit', '1')).toHaveLength(1);
  });

  test('prints JSON', async () => {
    const { records } = await run('find photos --name top.txt --json');
    expect(records).toMatchObject([{ type: 'object', key: 'top.txt', size: 3 }]);
  });

  test('ends with 3 where nothing exists, and with 0 where nothing matches', async () => {
    expect((await run('find nowhere')).code).toBe(3);
    expect((await run('find photos --name zzz')).code).toBe(0);
  });
});

describe('granary search', () => {
  beforeEach(async () => {
    await run([
      'put',
      'photos/top.txt',
      's/harbor.jpg',
      '--tag',
      'sea',
      '-m',
      'iso:=400',
      '-m',
      'title=Harbor lights',
    ]);
    await run([
      'put',
      'photos/2024/a.jpg',
      's/hill.jpg',
      '--tag',
      'land',
      '-m',
      'iso:=100',
      '--type',
      'image/webp',
    ]);
    await run('put photos/2025/c.png s/plain.txt');
  });
  const keys = async (...words: string[]): Promise<unknown[]> =>
    (await run(['search', 's', ...words, '--json'])).records.map(({ key }) => key);

  test('finds by words, tags, metadata and type', async () => {
    expect(await keys('harbor', 'LIGHTS')).toEqual(['harbor.jpg']);
    expect(await keys('--tag', 'sea')).toEqual(['harbor.jpg']);
    expect(await keys('--any-tag', 'sea', '--any-tag', 'land')).toEqual(['harbor.jpg', 'hill.jpg']);
    expect(await keys('--meta', 'iso>=200')).toEqual(['harbor.jpg']);
    expect(await keys('--type', 'image/webp')).toEqual(['hill.jpg']);
    expect(await keys('nothing')).toEqual([]);
  });

  test('finds by content', async () => {
    expect(await keys('cccc')).toEqual([]);
    expect(await keys('cccc', '--content')).toEqual(['plain.txt']);
  });

  test('sorts and limits', async () => {
    expect(await keys('--sort', 'size')).toHaveLength(3);
    expect(await keys('--sort', 'size', '--descending', '--limit', '1')).toEqual(['plain.txt']);
    expect(await keys('--descending')).toEqual(['plain.txt', 'hill.jpg', 'harbor.jpg']);
  });

  test('shows tags behind the name', async () => {
    expect((await run('search s --tag sea')).out).toBe('s/harbor.jpg  #sea\n');
  });

  test('looks below a folder alone', async () => {
    await run('put photos/top.txt s/deep/x.txt --tag sea');
    expect((await run('search s/deep --tag sea')).out).toBe('s/deep/x.txt  #sea\n');
  });

  test('refuses a question that it does not understand', async () => {
    expect((await run('search s --sort color')).code).toBe(2);
    expect((await run('search s --meta =x')).code).toBe(2);
    expect((await run('search nowhere x')).code).toBe(3);
  });
});

describe('granary du', () => {
  test('adds up folders', async () => {
    expect((await run('du photos')).out).toBe(
      [
        '   8 B  2 objects  2024/',
        '2.0 kB   1 object  2025/',
        '2.0 kB  4 objects  photos',
        '',
      ].join('\n'),
    );
  });

  test('shows as many levels as asked for', async () => {
    put('photos/2024/x/y/z.txt', 'z');
    expect((await run('du photos --depth 0')).out).toBe('2.0 kB  5 objects  photos\n');
    expect((await run('du photos --depth 3')).out).toMatch(/2024\/x\/y\/\n/);
  });

  test('prints JSON', async () => {
    expect((await run('du photos --json')).records).toEqual([
      { type: 'folder', folder: '2024/', bytes: 8, objects: 2 },
      { type: 'folder', folder: '2025/', bytes: 2000, objects: 1 },
      { type: 'summary', bytes: 2011, objects: 4 },
    ]);
  });

  test('takes an object too', async () => {
    expect((await run('du photos/top.txt')).out).toBe('3 B  1 object  photos/top.txt\n');
    expect((await run('du nowhere')).code).toBe(3);
    expect((await run('du nowhere/')).code).toBe(3);
  });
});
