import { describe, expect, test } from 'vitest';
import { readArguments } from './read-arguments.ts';

describe('readArguments', () => {
  test('runs everything in full when nothing is said', () => {
    expect(readArguments([])).toEqual({
      filters: [],
      subjects: [],
      scale: 'full',
      runs: 7,
      warmUps: 3,
      isReference: false,
      isList: false,
      isHelp: false,
    });
  });

  test('takes filters and options, also behind the -- of pnpm', () => {
    const args = [
      '--',
      'fs-1k',
      'memory',
      '--subjects',
      'raw,granary',
      '--json',
      'a.json',
      '--out',
      'o',
    ];
    expect(
      readArguments([...args, '--folder', '/d', '--memory', '/m', '--cpus', '0', '--reference']),
    ).toMatchObject({
      filters: ['fs-1k', 'memory'],
      subjects: ['raw', 'granary'],
      json: 'a.json',
      out: 'o',
      folder: '/d',
      memoryFolder: '/m',
      processors: '0',
      isReference: true,
    });
  });

  test.each([
    ['--quick', 'quick', 3, 1],
    ['--tiny', 'tiny', 1, 0],
  ])('runs less often with %s', (option, scale, runs, warmUps) => {
    expect(readArguments([option])).toMatchObject({ scale, runs, warmUps });
  });

  test('takes another number of runs', () => {
    expect(readArguments(['--runs', '15']).runs).toBe(15);
    expect(readArguments(['--quick', '--runs', '1']).runs).toBe(1);
  });

  test.each(['0', '1.5', 'many', ''])('refuses %s runs', (runs) => {
    expect(() => readArguments(['--runs', runs])).toThrow('a whole number from 1');
  });

  test('refuses a full benchmark with too few runs', () => {
    expect(() => readArguments(['--runs', '6'])).toThrow('at least 7 runs');
  });

  test('refuses two scales and unknown options', () => {
    expect(() => readArguments(['--quick', '--tiny'])).toThrow('not both');
    expect(() => readArguments(['--fast'])).toThrow(TypeError);
  });

  test('knows --list and --help', () => {
    expect(readArguments(['--list']).isList).toBe(true);
    expect(readArguments(['-h']).isHelp).toBe(true);
  });
});
