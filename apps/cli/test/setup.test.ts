import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../src/commands/commands.ts';
import { useSandbox } from './run-granary.ts';

const sandbox = useSandbox();
const { run } = sandbox;
const FIXTURE = join(import.meta.dirname, 'fixtures/parts-backend.ts');
const at = (path: string): string => join(sandbox.folder, path);

/** Puts a package into `node_modules` of the folder. */
function install(name: string, code: string, facts: Record<string, unknown> = {}): void {
  const folder = at(`node_modules/${name}`);
  mkdirSync(folder, { recursive: true });
  const manifest = { name, type: 'module', exports: './index.js', ...facts };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'index.js'), code);
}

describe('granary --help', () => {
  test('shows every command, the options of all, places and exit codes', async () => {
    const { code, out, err } = await run('--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const { name, summary } of COMMANDS)
      expect(out).toMatch(new RegExp(`^ +${name} +${summary}$`, 'm'));
    for (const text of ['--json', '--backend <module>', 'Places:', 'Exit codes:', 'memory:']) {
      expect(out).toContain(text);
    }
    expect(out.split('\n').filter((line) => line.length > 90)).toEqual([]);
  });

  test('is shown without a command as well, and by help', async () => {
    const { out } = await run('--help');
    expect((await run([])).out).toBe(out);
    expect((await run('help')).out).toBe(out);
  });

  test.each(COMMANDS.map(({ name }) => name))('explains %s', async (name) => {
    const { code, out } = await run([name, '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: granary ${name} `);
    expect(out).toContain('\nExamples:\n  ');
    expect(out).toContain('Every command also takes --json, --quiet,');
    expect((await run(['help', name])).out).toBe(out);
    expect((await run([name, '-h'])).out).toBe(out);
  });

  test('fits a narrow terminal', async () => {
    const { out } = await run('cp --help', { isTTY: true });
    const options = out.slice(out.indexOf('Options:'), out.indexOf('Every command'));
    expect(options.split('\n').every((line) => stripVTControlCharacters(line).length <= 80)).toBe(
      true,
    );
  });

  test('is colored on a terminal alone', async () => {
    expect((await run('--help', { isTTY: true })).out).toContain('\u001b[1m');
    expect((await run('--help --no-color', { isTTY: true })).out).not.toContain('\u001b[');
    expect((await run('--help', { isTTY: true, env: { NO_COLOR: '1' } })).out).not.toContain(
      '\u001b[',
    );
    expect((await run('--help')).out).not.toContain('\u001b[');
  });
});

describe('granary --version', () => {
  test.each(['--version', '-V'])('prints the version with %s', async (word) => {
    expect(await run(word)).toMatchObject({ code: 0, out: '1.2.3\n', err: '' });
  });
});

describe('options of every command', () => {
  test.each(['cp -rq src x', '--quiet cp -r src x', 'cp --quiet -r src x', 'cp -r src x -q'])(
    'are taken wherever they stand: %s',
    async (words) => {
      mkdirSync(at('src'));
      writeFileSync(at('src/a.txt'), 'a');
      expect(await run(words)).toMatchObject({ code: 0, out: '', err: '' });
    },
  );

  test.each(['--json ls', 'ls --json'])('give JSON: %s', async (words) => {
    writeFileSync(at('a.txt'), 'a');
    expect((await run(words)).records).toMatchObject([{ key: 'a.txt' }]);
  });

  test.each(['--no-color ls -l', 'ls -l --no-color'])('forbid colors: %s', async (words) => {
    writeFileSync(at('a.txt'), 'a');
    expect((await run(words, { isTTY: true })).out).not.toContain('\u001b');
    expect((await run('ls -l', { isTTY: true })).out).toContain('\u001b');
  });

  test('name backends on both sides of the command', async () => {
    writeFileSync(at('a.txt'), 'aaa');
    const words = ['--backend', FIXTURE, 'cp', 'a.txt', `parts:${at('p')}/a.txt`];
    expect((await run(words)).code).toBe(0);
  });
});

describe('wrong usage', () => {
  test.each([
    ['lss', "unknown command 'lss'.", 'Did you mean ls?'],
    ['xyzzy', "unknown command 'xyzzy'.", 'See granary --help.'],
    ['ls --lng', "unknown option '--lng'.", 'Did you mean --long?'],
    ['--json', 'there is no command.', 'See granary --help.'],
    ['--bogus', "unknown option '--bogus'.", 'See granary --help.'],
    ['cp', "missing required argument 'place'.", 'See granary cp --help.'],
    ['ls a b', "too many arguments for 'ls'.", 'See granary ls --help.'],
    ['find --name', "option '-n, --name <glob>' argument missing.", 'See granary find --help.'],
    ['find --larger x', '--larger: "x" is not a size.', 'Write it as 512'],
    ['search . --sort x', '--sort: "x" is none of key, size', 'See granary search --help.'],
  ])('of %s ends with 2, a sentence and a hint', async (words, message, hint) => {
    const { code, out, err } = await run(words);
    expect({ code, out: words.includes('--json') ? '' : out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`error: ${message}`);
    expect(err).toContain(`\nhint: ${hint}`);
    expect(err).not.toMatch(/^ +at /m);
  });

  test('is told as JSON too', async () => {
    expect((await run('lss --json')).records).toEqual([
      { type: 'error', code: 'usage', message: "unknown command 'lss'.", hint: 'Did you mean ls?' },
    ]);
    expect((await run('ls nowhere --json')).records).toMatchObject([
      { type: 'error', code: 'not-found' },
    ]);
  });

  test('shows where it comes from with --debug', async () => {
    expect((await run('ls nowhere --debug')).err).toMatch(/^ +at /m);
    expect((await run('ls nowhere')).err).not.toMatch(/^ +at /m);
  });
});

describe('backends', () => {
  test('that are not installed come with the line to type', async () => {
    expect(await run('ls cloud:bucket')).toMatchObject({
      code: 2,
      err: [
        'error invalid-config: no backend for "cloud:" is installed.',
        'hint: Run "npm install @granary/storage-cloud", or name the package that has it with --backend.',
        '',
      ].join('\n'),
    });
    expect((await run('ls https://x')).err).toContain('npm install @granary/storage-cloud');
  });

  test('are found in the folder by their scheme', async () => {
    mkdirSync(at('node_modules/@granary/storage-parts'), { recursive: true });
    symlinkSync(FIXTURE, at('node_modules/@granary/storage-parts/index.ts'));
    writeFileSync(
      at('node_modules/@granary/storage-parts/package.json'),
      JSON.stringify({
        ...{ name: '@granary/storage-parts', type: 'module', exports: './index.ts' },
        keywords: ['granary', 'backend'],
      }),
    );
    writeFileSync(at('a.txt'), 'aaa');
    expect((await run(`cp a.txt parts:${at('p')}/`)).code).toBe(0);
    expect((await run(`cat parts:${at('p')}/a.txt`)).out).toBe('aaa');
    expect((await run('doctor')).out).toMatch(/^ +parts +parts: +@granary\/storage-parts$/m);
  });

  test('are found in a file or package that --backend names', async () => {
    writeFileSync(at('a.txt'), 'aaa');
    const url = `parts:${at('p')}/a.txt`;
    expect((await run(['cp', 'a.txt', url, '--backend', FIXTURE])).code).toBe(0);
    install('granary-acme', `export { createParts } from ${JSON.stringify(FIXTURE)};`);
    expect((await run(['cat', url, '--backend', 'granary-acme'])).out).toBe('aaa');
    symlinkSync(FIXTURE, at('mine.ts'));
    expect((await run(['cat', url, '--backend', './mine.ts'])).out).toBe('aaa');
  });

  test.each([
    ['nowhere', 'the backend package nowhere is not installed.'],
    ['./nowhere.js', './nowhere.js cannot be loaded:'],
    ['granary-empty', 'granary-empty has no backend that a URL can name.'],
    ['granary-broken', 'granary-broken cannot be loaded: it broke'],
    ['granary-closed', 'granary-closed cannot be loaded:'],
  ])('that --backend %s cannot give are told of', async (module, message) => {
    install(
      'granary-empty',
      'export const a = 1; export const b = () => {}; export const c = Object.assign(() => {}, { backend: { name: "x" }, provider() {} });',
    );
    install('granary-broken', 'throw new Error("it broke");');
    install('granary-closed', '', { exports: { './other': './index.js' } });
    expect(await run(['ls', 'acme:', '--backend', module])).toMatchObject({
      code: 2,
      err: expect.stringContaining(message),
    });
  });

  test('of a package that lacks the scheme are told of', async () => {
    install('@granary/storage-acme', 'export const a = 1;');
    expect((await run('ls acme:')).err).toContain(
      '@granary/storage-acme has no backend for "acme:"',
    );
  });

  test('get clear errors for URLs with wrong options', async () => {
    expect(await run('ls memory:?size=3')).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no option "size"'),
    });
  });
});

describe('granary doctor', () => {
  test('shows the runtime and the backends that come with it', async () => {
    const { code, out } = await run('doctor');
    expect(code).toBe(0);
    expect(out).toMatch(/^Runtime\n {2}runtime +node \d+/);
    expect(out).toMatch(/^ {2}fs +file: +@granary\/storage-fs$/m);
    expect(out).toMatch(/^ {2}memory +memory: +@granary\/storage-memory$/m);
  });

  test('shows packages that are broken', async () => {
    install('@granary/storage-acme', 'throw new Error("it broke");', { keywords: ['backend'] });
    install('@granary/storage-other', 'export const a = 1;');
    install('@granary/storage-odd', 'x');
    writeFileSync(at('node_modules/@granary/storage-odd/package.json'), '{');
    const { out } = await run('doctor');
    expect(out).toMatch(/^ {2}acme +broken +@granary\/storage-acme cannot be loaded: it broke/m);
    expect(out).not.toContain('storage-other');
  });

  test('tries a place out and leaves nothing there', async () => {
    mkdirSync(at('d'));
    const { code, out } = await run('doctor d');
    expect(code).toBe(0);
    for (const step of ['open', 'list', 'write', 'read', 'delete']) {
      expect(out).toMatch(new RegExp(`^ {2}ok +${step} +\\d+ ms$`, 'm'));
    }
    expect(out).toContain('What fs can do\n');
    expect(out).toMatch(/^ {2}listOrder +utf8$/m);
    expect((await run('ls -r d')).out).toBe('');
  });

  test('writes nothing with --read-only', async () => {
    mkdirSync(at('d'));
    const { out } = await run('doctor --read-only d');
    expect(out).not.toMatch(/^ {2}ok +(write|delete)/m);
    expect(readdirSync(at('d'))).toEqual([]);
  });

  test('says which step fails, and ends with its code', async () => {
    const failing = `parts:${at('p')}?failing=.txt&failCode=permission-denied`;
    const { code, out, err } = await run(['doctor', failing, 'memory:', '--backend', FIXTURE]);
    expect(code).toBe(4);
    expect(out).toMatch(/^ {2}fails write +\d+ ms$/m);
    expect(err).toContain('error permission-denied: parts put');
    expect(out).toContain('What memory can do');
    expect((await run('doctor cloud://bucket')).code).toBe(2);
  });

  test('prints JSON', async () => {
    const { records } = await run('doctor memory: --json');
    const types = records.map(({ type }) => type);
    expect(types.filter((type) => type !== 'backend')).toEqual([
      ...['runtime', 'probe', 'probe', 'probe', 'probe', 'probe', 'capabilities'],
    ]);
    const backends = records.filter(({ type }) => type === 'backend').map(({ name }) => name);
    expect(backends).toEqual(expect.arrayContaining(['fs', 'memory', 's3']));
    expect(records.at(-1)).toMatchObject({
      provider: 'memory',
      capabilities: { rangeReads: true },
    });
  });
});

describe('granary completion', () => {
  const has = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;
  const script = async (shell: string): Promise<string> => {
    const path = at(`completion.${shell}`);
    writeFileSync(path, (await run(['completion', shell])).out);
    return path;
  };

  test('refuses other shells', async () => {
    expect(await run('completion tcsh')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Use bash, zsh, fish.'),
    });
  });

  test.each([
    [
      ['granary', 'c'],
      ['cat', 'cp', 'check', 'config', 'completion'],
    ],
    [
      ['granary', 'cp', '--re'],
      ['--recursive', '--restart'],
    ],
    [
      ['granary', 'cp', 'mem'],
      ['memory:', 'memos:'],
    ],
    [['granary', 'ls', 'sec'], ['secure:']],
    [
      ['granary', 'config', 's'],
      ['show', 'schema'],
    ],
    [
      ['granary', 'cp', '--include', 'x', 'fi'],
      ['file.txt', 'file:'],
    ],
    [
      ['granary', 'search', 'x', '--sort', ''],
      ['key', 'size', 'modified', 'created'],
    ],
    [['granary', 'search', 'x', 'm'], []],
    [['granary', 'completion', 'z'], ['zsh']],
    [['granary', 'put', 'm'], ['mine.txt']],
    [['granary', 'help', 'ver'], ['verify']],
  ])('completes %j in bash', async (words, expected) => {
    writeFileSync(at('file.txt'), '');
    writeFileSync(at('mine.txt'), '');
    const program = `source ${await script('bash')}
      granary() { [[ $* == 'config names' ]] && printf 'secure:\\nmemos:\\n'; }
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _granary; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const out = execFileSync('bash', ['--norc', '-c', program, 'bash', ...words], {
      cwd: sandbox.folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(out.toString().split('\n').filter(Boolean)).toEqual(expected);
  });

  test('writes a script that zsh takes', async ({ skip }) => {
    skip(!has('zsh'), 'zsh is not installed');
    const path = await script('zsh');
    const program = `autoload -Uz compinit; compinit -u -d ${at('dump')}; source ${path}; print -r -- $_comps[granary]`;
    expect(execFileSync('zsh', ['-f', '-c', program]).toString()).toBe('_granary\n');
  });

  test('completes in fish', async ({ skip }) => {
    skip(!has('fish'), 'fish is not installed');
    const path = await script('fish');
    const names = 'function granary; echo memos:; end';
    const complete = (line: string): string[] =>
      execFileSync(
        'fish',
        ['--no-config', '-c', `${names}; source ${path}; complete -C '${line}'`],
        {
          cwd: sandbox.folder,
        },
      )
        .toString()
        .split('\n')
        .filter(Boolean)
        .map((found) => found.split('\t')[0] ?? '');
    expect(complete('granary ver')).toEqual(['verify']);
    expect(complete('granary cp --re')).toEqual(['--recursive', '--restart']);
    expect(complete('granary cp mem')).toEqual(['memory:', 'memos:']);
    expect(complete('granary search x --sort ')).toEqual(['created', 'key', 'modified', 'size']);
  });

  test('knows the schemes of installed backends', async () => {
    const { out } = await run(['completion', 'bash', '--backend', FIXTURE]);
    expect(out).toMatch(/'(\S+: )*file: (\S+: )*memory: (\S+: )*parts: (\S+: )*supabase:'/);
  });
});
