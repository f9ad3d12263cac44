import { StorageError } from '@granary/storage-core';
import { describe, expect, test } from 'vitest';
import { memoryHost, memorySink } from '../../test/memory-host.ts';
import { usageError } from '../exit-codes.ts';
import { errorFacts, errorLines } from './error-report.ts';
import { formatBytes, formatCount, formatDate, formatRate, formatSpan } from './format.ts';
import { cut, liveRegion } from './live-region.ts';
import { makeOutput } from './output.ts';
import { printable } from './printable.ts';
import { paintFor } from './style.ts';
import { table } from './table.ts';

const plain = (_style: string, text: string): string => text;
const quietless = { json: false, quiet: false, debug: false, color: true };

describe('format', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1549, '1.5 kB'],
    [99_949, '99.9 kB'],
    [99_950, '100 kB'],
    [999_949, '1000 kB'],
    [999_950, '1.0 MB'],
    [1_234_567_890, '1.2 GB'],
    [5e15, '5.0 PB'],
    [5e18, '5000 PB'],
  ])('writes %d bytes', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [999.6, '1.0 s'],
    [59_949, '59.9 s'],
    [59_999, '1:00 min'],
    [185_000, '3:05 min'],
    [7_385_000, '2:03:05 h'],
  ])('writes %d ms', (ms, text) => {
    expect(formatSpan(ms)).toBe(text);
  });

  test('writes rates, also of no time', () => {
    expect(formatRate(1_000_000, 500)).toBe('2.0 MB/s');
    expect(formatRate(5, 0)).toBe('0 B/s');
  });

  test('writes counts with their noun', () => {
    expect(formatCount(1, 'object')).toBe('1 object');
    expect(formatCount(1204, 'object')).toBe('1,204 objects');
    expect(formatCount(0, 'entry')).toBe('0 entries');
    expect(formatCount(2, 'key')).toBe('2 keys');
  });

  test('writes dates in UTC to the second', () => {
    expect(formatDate(new Date('2026-03-01T12:30:45.678Z'))).toBe('2026-03-01 12:30:45Z');
  });
});

describe('printable', () => {
  test('writes what steers a terminal as an escape', () => {
    expect(printable('a\u001b[2Jb\nc\td\re')).toBe('a\\u{1b}[2Jb\\nc\\td\\re');
    expect(printable('txt\u202egpj.exe')).toBe('txt\\u{202e}gpj.exe');
    expect(printable('\u009b31m')).toBe('\\u{9b}31m');
  });

  test('leaves other text alone', () => {
    expect(printable('Grüße/日本 😀.txt')).toBe('Grüße/日本 😀.txt');
  });
});

describe('table', () => {
  test('lines up columns and does not count colors', () => {
    expect(
      table(
        [
          ['1', '\u001b[31mab\u001b[39m', 'x'],
          ['100', 'c', 'longer'],
        ],
        ['right'],
      ),
    ).toEqual(['  1  \u001b[31mab\u001b[39m  x', '100  c   longer']);
  });

  test('of nothing is nothing', () => {
    expect(table([])).toEqual([]);
  });
});

describe('paintFor', () => {
  const terminal = memorySink({ isTTY: true }).sink;
  const pipe = memorySink().sink;
  const isColored = (...args: Parameters<typeof paintFor>): boolean =>
    paintFor(...args)('red', 'x') !== 'x';

  test('colors on a terminal alone', () => {
    expect(isColored(terminal, {}, true)).toBe(true);
    expect(isColored(pipe, {}, true)).toBe(false);
  });

  test.each([{ NO_COLOR: '1' }, { NO_COLOR: 'false' }, { TERM: 'dumb' }])('not with %j', (env) => {
    expect(isColored(terminal, env, true)).toBe(false);
    expect(isColored(terminal, { ...env, FORCE_COLOR: '1' }, true)).toBe(false);
  });

  test('not with --no-color', () => {
    expect(isColored(terminal, {}, false)).toBe(false);
  });

  test('an empty NO_COLOR forbids nothing', () => {
    expect(isColored(terminal, { NO_COLOR: '' }, true)).toBe(true);
  });

  test('in a pipe with FORCE_COLOR', () => {
    expect(isColored(pipe, { FORCE_COLOR: '1' }, true)).toBe(true);
    expect(isColored(pipe, { FORCE_COLOR: '0' }, true)).toBe(false);
  });
});

describe('errors', () => {
  const error = new StorageError('not-found', 'there is no such object.', {
    provider: 'fs',
    operation: 'stat',
    key: 'a\u001b[2J',
    hint: 'Look with ls.',
  });

  test('of storage are told with code, message and hint apart', () => {
    expect(errorFacts(error)).toEqual({
      code: 'not-found',
      message: 'fs stat "a\\u001b[2J": there is no such object.',
      hint: 'Look with ls.',
      key: 'a\u001b[2J',
    });
    expect(errorLines(error, plain, false)).toEqual([
      'error not-found: fs stat "a\\u001b[2J": there is no such object.',
      'hint: Look with ls.',
    ]);
  });

  test('of storage without a hint have no hint', () => {
    expect(errorFacts(new StorageError('closed', 'it is closed.'))).toEqual({
      code: 'closed',
      message: 'it is closed.',
    });
  });

  test('of usage have no code in the text', () => {
    expect(errorLines(usageError('Wrong.', 'Do it right.'), plain, false)).toEqual([
      'error: Wrong.',
      'hint: Do it right.',
    ]);
  });

  test('of any other kind are told too', () => {
    expect(errorFacts(new TypeError('boom'))).toEqual({ code: 'unknown', message: 'boom' });
    expect(errorFacts('boom')).toEqual({ code: 'unknown', message: 'boom' });
  });

  test('show their stacks, and those of their causes, only when asked to', () => {
    const outer = new Error('outer', { cause: new Error('inner') });
    expect(errorLines(outer, plain, false)).toEqual(['error: outer', 'cause: inner']);
    expect(errorLines(new Error('a: inner', { cause: new Error('inner') }), plain, false)).toEqual([
      'error: a: inner',
    ]);
    const shown = errorLines(outer, plain, true).join('\n');
    expect(shown).toMatch(/Error: outer\n +at /);
    expect(shown).toMatch(/caused by\nError: inner/);
    expect(errorLines('text', plain, true)).toEqual(['error: text']);
  });
});

describe('liveRegion', () => {
  test('draws over what it drew and leaves nothing behind', () => {
    const { sink, text } = memorySink({ isTTY: true, columns: 20 });
    const region = liveRegion(sink);
    region.clear();
    expect(text()).toBe('');
    region.draw(['one', 'two']);
    region.draw(['three']);
    region.clear();
    region.clear();
    const [wrapOff, wrapOn] = ['\u001b[?7l', '\u001b[?7h'];
    expect(text()).toBe(
      `${wrapOff}one\ntwo\n${wrapOn}\r\u001b[2A\u001b[J${wrapOff}three\n${wrapOn}\r\u001b[1A\u001b[J`,
    );
  });

  test('cuts long lines in the middle', () => {
    expect(cut('abcdefghij', 10)).toBe('abcdefghij');
    expect(cut('abcdefghijk', 10)).toBe('abcde…hijk');
    expect(cut('\u001b[1mabc\u001b[22m', 4)).toBe('\u001b[1mabc\u001b[22m');
    expect(cut('\u001b[1mabcdef\u001b[22m', 4)).toBe('ab…f');
  });
});

describe('makeOutput', () => {
  test('prints results as text or as JSON', async () => {
    const host = memoryHost();
    const text = makeOutput(host, quietless);
    await text.result({ type: 'object', key: 'a' }, 'a line', 'another');
    await text.text('text');
    expect(host.out()).toBe('a line\nanother\ntext\n');

    const other = memoryHost();
    const json = makeOutput(other, { ...quietless, json: true });
    await json.result({ type: 'object', key: 'a', none: undefined }, 'a line');
    await json.text('text');
    expect(other.out()).toBe('{"type":"object","key":"a"}\n');
  });

  test('with --quiet keeps notes back, not results and errors', async () => {
    const host = memoryHost();
    const output = makeOutput(host, { ...quietless, quiet: true });
    await output.note('a note');
    await output.result({ type: 'x' }, 'a result');
    await output.error(new Error('an error'));
    expect(host.out()).toBe('a result\n');
    expect(host.err()).toBe('error: an error\n');
  });

  test('takes live lines away before it prints', async () => {
    const host = memoryHost({ isTTY: true });
    const output = makeOutput(host, { ...quietless, color: false });
    expect(output.isLive).toBe(true);
    output.live.draw(['working']);
    await output.result({ type: 'x' }, 'a result');
    expect(host.err()).toContain('\u001b[1A\u001b[J');
    expect(host.out()).toBe('a result\n');
  });

  test.each([
    ['--json', { json: true }, {}],
    ['--quiet', { quiet: true }, {}],
    ['TERM=dumb', {}, { TERM: 'dumb' }],
  ])('draws nothing with %s', (_name, options, env) => {
    const host = memoryHost({ isTTY: true, env });
    expect(makeOutput(host, { ...quietless, ...options }).isLive).toBe(false);
  });

  test('waits for a slow reader', async () => {
    const { sink, drain } = memorySink({ isSlow: true });
    const output = makeOutput(memoryHost({ stdout: sink }), quietless);
    let isDone = false;
    const writing = output.bytes(new Uint8Array(3)).then(() => {
      isDone = true;
    });
    await Promise.resolve();
    expect(isDone).toBe(false);
    drain();
    await writing;
    expect(isDone).toBe(true);
  });

  test('fails when nobody reads anymore', async () => {
    const { sink } = memorySink({ isClosed: true });
    const output = makeOutput(memoryHost({ stdout: sink }), quietless);
    await expect(output.text('x')).rejects.toThrow('nobody reads the output anymore.');
  });
});
