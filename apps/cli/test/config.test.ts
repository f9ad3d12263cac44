import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findConfig } from '../src/config/find-config.ts';
import { useSandbox } from './run-granary.ts';

const sandbox = useSandbox();
const { run } = sandbox;
const FIXTURE = join(import.meta.dirname, 'fixtures/parts-backend.ts');
const at = (path: string): string => join(sandbox.folder, path);

/** Writes a file with its folders. */
function write(path: string, text: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

const STORES = `
storage:
  default_provider: docs
  providers:
    docs:
      type: local
      config: { base_path: ./kept/docs }
    s3:
      type: filesystem
      config: { base_path: "\${BASE:-kept}/s3" }
      layers: [{ retry: { attempts: 2 } }]
    gone:
      url: "file:\${NOWHERE}"
`;

describe('a store with a name', () => {
  test('takes copies, listings and all other commands', async () => {
    write('storage.yaml', STORES);
    write('x/a.txt', 'aaa');
    write('x/sub/b.txt', 'b');
    expect(await run('cp -r x docs:2026/')).toMatchObject({ code: 0, err: expect.anything() });
    expect(readFileSync(at('kept/docs/2026/sub/b.txt'), 'utf8')).toBe('b');
    expect((await run('ls docs:')).out).toBe('2026/\n');
    expect((await run('ls -r docs:2026')).out).toBe('a.txt\nsub/b.txt\n');
    expect((await run('cat docs:2026/a.txt')).out).toBe('aaa');
    expect((await run('cat docs:/2026/a.txt')).out).toBe('aaa');
    expect((await run('stat docs:2026/a.txt')).out).toContain('aaa'.length.toString());
    expect((await run('du docs:')).out).toContain('2 objects');
    expect((await run('find docs: --name *.txt')).out).toContain('2026/a.txt');
    expect((await run('search docs: b.txt')).out).toContain('2026/sub/b.txt');
    expect((await run('get docs:2026/a.txt got.txt')).code).toBe(0);
    expect(readFileSync(at('got.txt'), 'utf8')).toBe('aaa');
    expect((await run('put got.txt docs:put.txt')).code).toBe(0);
    expect((await run('mv docs:put.txt docs:moved.txt')).code).toBe(0);
    expect((await run('check -v x docs:2026')).code).toBe(0);
    expect((await run('verify docs:')).code).toBe(0);
    expect((await run('rm docs:moved.txt')).code).toBe(0);
    expect((await run('rm -r -y docs:2026')).code).toBe(0);
    expect((await run('ls -r docs:')).out).toBe('');
  });

  test('is another store than one of another name, and copies between them', async () => {
    write('storage.yaml', STORES);
    write('a.txt', 'a');
    expect((await run('cp a.txt s3:a.txt')).code).toBe(0);
    expect(readFileSync(at('kept/s3/a.txt'), 'utf8')).toBe('a');
    expect((await run('cp s3:a.txt docs:')).code).toBe(0);
    expect((await run('ls docs:')).out).toBe('a.txt\n');
    expect((await run('cp s3:a.txt s3:a.txt')).err).toContain('is the source and the target');
    expect((await run('cp -r docs: docs:below/')).err).toContain('cannot go into itself');
  });

  test('wins over a scheme, but not over a URL, a path or what needs no name', async () => {
    write('storage.yaml', STORES);
    write('docs:x', 'path');
    expect((await run('ls s3:')).code).toBe(0);
    expect((await run('ls s3://bucket', { env: { AWS_REGION: 'x' } })).code).not.toBe(0);
    expect((await run('cat ./docs:x')).out).toBe('path');
    expect((await run('ls memory:')).code).toBe(0);
    expect((await run('ls file:.')).out).toContain('docs:x');
  });

  test('takes its key as it is written', async () => {
    write('storage.yaml', STORES);
    write('a.txt', 'a');
    await run(['cp', 'a.txt', 'docs:50%25 of x?y=1#z']);
    expect((await run(['ls', 'docs:'])).out).toBe('50%25 of x?y=1#z\n');
    const { records } = await run(['rm', '-r', '-y', '-v', 'docs:', '--json']);
    expect(records[0]).toMatchObject({ key: 'docs:50%25 of x?y=1#z' });
  });

  test('is found from below the folder of its file, whose paths are relative to it', async () => {
    write('storage.yaml', STORES);
    write('deep/down/a.txt', 'a');
    const cwd = at('deep/down');
    expect((await run('cp -v a.txt docs:', { cwd })).err).toContain(
      `Stores are named by ${at('storage.yaml')}.`,
    );
    expect(readFileSync(at('kept/docs/a.txt'), 'utf8')).toBe('a');
    write('deep/storage.yml', 'storage: { providers: { other: { type: memory } } }');
    expect((await run('ls other:', { cwd })).code).toBe(0);
    expect((await run('ls docs:', { cwd })).code).toBe(2);
  });

  test('comes from the file that --config or GRANARY_CONFIG names', async () => {
    write('storage.yaml', 'storage: { providers: { here: { type: memory } } }');
    write(
      'etc/other.json',
      JSON.stringify({ storage: { providers: { there: { type: 'memory' } } } }),
    );
    expect((await run('ls there: --config etc/other.json')).code).toBe(0);
    expect((await run('--config etc/other.json ls there:')).code).toBe(0);
    expect((await run('ls there:', { env: { GRANARY_CONFIG: 'etc/other.json' } })).code).toBe(0);
    const both = { env: { GRANARY_CONFIG: 'etc/none.yaml' } };
    expect((await run('ls there: --config etc/other.json', both)).code).toBe(0);
    expect(await run('ls there:', both)).toMatchObject({
      code: 3,
      err: `error not-found: ${at('etc/none.yaml')}: there is no such file.\n`,
    });
    expect((await run('ls there: --config etc')).err).toContain('cannot be read (EISDIR)');
  });

  test('that is nearly spelled right is asked about, and no package is proposed', async () => {
    write('storage.yaml', STORES.replace('docs:', 'secure:').replace('docs', 'secure'));
    expect(await run('ls secur:x')).toMatchObject({
      code: 2,
      err: [
        `error: ${at('storage.yaml')} has no store "secur".`,
        'hint: Did you mean secure:? A URL begins with secur://, a path with ./.',
        '',
      ].join('\n'),
    });
    expect(await run('ls cloud:x')).toMatchObject({
      code: 2,
      err: [
        `error invalid-config: ${at('storage.yaml')} has no store "cloud", and no backend for "cloud:" is installed.`,
        'hint: Its stores are: secure, s3, gone. Run "npm install @granary/storage-cloud", or name the package that has it with --backend.',
        '',
      ].join('\n'),
    });
    expect((await run(['ls', 'part:x', '--backend', FIXTURE])).err).toContain('storage-part');
  });

  test('whose variable is missing says so, and leaves the others alone', async () => {
    write('storage.yaml', STORES);
    expect((await run('ls docs:')).code).toBe(0);
    expect(await run('ls gone:')).toMatchObject({
      code: 2,
      err: `error invalid-config: ${at('storage.yaml')}:13:12 storage.providers.gone.url: the variable NOWHERE is not set. Set it, or give a default: \${NOWHERE:-value}.\n`,
    });
    expect((await run('ls gone:', { env: { NOWHERE: sandbox.folder } })).out).toBe(
      'storage.yaml\n',
    );
  });

  test('takes backends that are named by --backend, or says what to install', async () => {
    write(
      'storage.yaml',
      'storage: { providers: { slow: { url: "parts:./p" }, cloudy: { type: cloud } } }',
    );
    expect((await run(['ls', 'slow:', '--backend', FIXTURE])).code).toBe(0);
    expect((await run('ls cloudy:')).err).toMatch(
      /storage\.yaml:1:\d+ storage\.providers\.cloudy\.config: no backend for "cloud:" is installed\. Run "npm install @granary\/storage-cloud"/,
    );
  });

  test('goes on after an interruption only with what this file calls so', async () => {
    write('storage.yaml', STORES);
    write('x/a.txt', 'a');
    await run('cp -r x docs:');
    write('other/storage.yaml', STORES);
    expect((await run('cp -rv ../x docs:', { cwd: at('other') })).err).toContain('Copied 1 object');
    expect(readFileSync(at('other/kept/docs/a.txt'), 'utf8')).toBe('a');
  });
});

describe('a file with problems', () => {
  const BROKEN = 'storage:\n  providers:\n    docs: { typ: memory }\n    x: { type: memory }\n';

  test('stops commands that need it, with every problem on a line, and no other', async () => {
    write('storage.yaml', BROKEN);
    expect((await run('ls .')).code).toBe(0);
    expect((await run('ls memory:')).code).toBe(0);
    expect((await run('ls file:.')).code).toBe(0);
    const { code, err } = await run('ls docs:');
    expect(code).toBe(2);
    expect(err.split('\n')).toEqual([
      `error invalid-config: ${at('storage.yaml')} has 3 problems:`,
      expect.stringContaining(':3:11 storage.providers.docs: one of type, url is missing.'),
      expect.stringContaining('Did you mean "type"?'),
      expect.stringContaining(':4:5 storage.providers.x: a name has two characters or more'),
      '',
    ]);
  });

  test('that belongs to somebody else is used when it is asked for alone', async () => {
    write('storage.yaml', STORES);
    const host = { cwd: sandbox.folder, env: {} };
    const path = at('storage.yaml');
    const mine = process.getuid?.() ?? 0;
    expect(await findConfig(host, undefined, mine)).toBe(path);
    expect(await findConfig(host, path, mine + 1)).toBe(path);
    if (mine !== 0) return;
    chownSync(path, 1234, 1234);
    await expect(findConfig(host, undefined, 1)).rejects.toThrow('belongs to another user');
    expect(await run('ls docs:')).toMatchObject({
      code: 2,
      err: expect.stringContaining(`hint: If you trust it, name it: --config ${path}.`),
    });
    expect((await run(['ls', 'docs:', '--config', path])).code).toBe(0);
  });
});

describe('granary config', () => {
  test('says that all is well, or what is wrong, with variables and options', async () => {
    write('storage.yaml', STORES);
    const env = { NOWHERE: '/tmp' };
    expect(await run('config check', { env })).toEqual({
      code: 0,
      out: '',
      err: `${at('storage.yaml')}: 3 stores, no problems.\n`,
      records: [],
    });
    write('storage.yaml', `${STORES}    last: { type: memory, config: { quotaByts: 1 } }\n`);
    const { code, out, err } = await run('config');
    expect(code).toBe(2);
    expect(out.split('\n')).toEqual([
      expect.stringContaining(
        ':13:12 storage.providers.gone.url: the variable NOWHERE is not set.',
      ),
      expect.stringMatching(
        /:14:\d+ storage\.providers\.last\.config\.quotaByts: .* Did you mean "quotaBytes"\?$/,
      ),
      '',
    ]);
    expect(err).toBe(`${at('storage.yaml')}: 2 problems.\n`);
    expect((await run('config check --json')).records[1]).toMatchObject({
      ...{ type: 'problem', line: 14, path: 'storage.providers.last.config.quotaByts' },
      hint: 'Did you mean "quotaBytes"?',
    });
  });

  test('says what is wrong with the form of a file', async () => {
    write('storage.yaml', `storage: { a: { b: \${X} } }`);
    const { code, out } = await run('config check');
    expect(code).toBe(2);
    expect(out).toContain(`a value with \${…} stands in quotes.`);
  });

  test('shows stores and their names, without what secrets may stand in', async () => {
    write('storage.yaml', STORES);
    expect((await run('config show')).out).toBe(
      [
        at('storage.yaml'),
        '  docs:  local              default',
        '  s3:    filesystem  retry',
        '  gone:  file',
        '',
      ].join('\n'),
    );
    expect((await run('config show --json')).records).toMatchObject([
      { type: 'store', name: 'docs', backend: 'local', layers: [], isDefault: true },
      { type: 'store', name: 's3', backend: 'filesystem', layers: ['retry'], isDefault: false },
      { type: 'store', name: 'gone', backend: 'file', isDefault: false },
    ]);
    expect((await run('config names')).out).toBe('docs:\ns3:\ngone:\n');
  });

  test('says that there is no file, and has no names then', async () => {
    for (const action of ['check', 'show']) {
      expect(await run(['config', action])).toMatchObject({
        code: 3,
        err: expect.stringContaining('error not-found: there is no storage.yaml in'),
      });
    }
    expect(await run('config names')).toMatchObject({ code: 0, out: '', err: '' });
    expect((await run('ls docs:')).code).toBe(2);
  });

  test('prints the schema', async () => {
    const { out } = await run('config schema');
    expect(JSON.parse(out)).toMatchObject({ title: 'storage.yaml', type: 'object' });
    expect((await run('config schema --json')).records).toMatchObject([{ type: 'schema' }]);
  });

  test('refuses other words', async () => {
    expect(await run('config sho')).toMatchObject({
      code: 2,
      err: expect.stringContaining('hint: Use check, show, names, schema.'),
    });
  });
});

describe('granary doctor', () => {
  test('shows the file, its stores and what is wrong with it', async () => {
    write('storage.yaml', STORES);
    const { code, out } = await run('doctor docs:');
    expect(code).toBe(2);
    expect(out).toContain(`  config    ${at('storage.yaml')}\n`);
    expect(out).toMatch(/^Stores\n {2}docs: {2}local\n {2}s3: {4}filesystem {2}retry\n/m);
    expect(out).toContain('wrong');
    expect(out).toMatch(/^docs:\n {2}ok +open/m);
    const records = (await run('doctor --json')).records.map(({ type }) => type);
    expect(records.slice(-4)).toEqual(['store', 'store', 'store', 'problem']);
  });

  test('goes on where the file cannot be read', async () => {
    write('storage.yaml', 'storage: [');
    const { code, out } = await run('doctor memory:');
    expect(code).toBe(2);
    expect(out).toContain('this is no YAML');
    expect(out).toContain('What memory can do');
    expect((await run('doctor --config none.yaml')).code).toBe(3);
  });
});
