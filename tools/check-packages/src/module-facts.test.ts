import { describe, expect, test } from 'vitest';
import { moduleFacts } from './module-facts.ts';

const facts = (text: string) => moduleFacts('file.ts', text);

describe('imports', () => {
  test('finds every way to import', () => {
    const { imports } = facts(`
      import a, { b } from 'plain';
      import type { C } from "type";
      import 'effect';
      export { m } from './re-export.ts';
      export type { T } from './re-export-type.ts';
      export * from './all.ts';
      const d = await import('./dynamic.ts');
      type E = import('./type-expression.ts').E;
      await import(name);
    `);
    expect([...imports].sort()).toEqual([
      './all.ts',
      './dynamic.ts',
      './re-export-type.ts',
      './re-export.ts',
      './type-expression.ts',
      'effect',
      'plain',
      'type',
    ]);
  });

  test('ignores comments and strings', () => {
    const text = `/** import { x } from '@granary/storage-fs'; */ const s = "import 'y'";`;
    expect(facts(text).imports).toEqual([]);
  });
});

describe('exports', () => {
  test('finds default exports in all spellings', () => {
    expect(facts('export default 1;').hasDefaultExport).toBe(true);
    expect(facts('const a = 1; export { a as default };').hasDefaultExport).toBe(true);
    expect(facts('export const a = 1;').hasDefaultExport).toBe(false);
  });

  test('finds export star with and without a name', () => {
    expect(facts("export * from './a.ts';").hasExportAll).toBe(true);
    expect(facts("export * as a from './a.ts';").hasExportAll).toBe(true);
    expect(facts("export { a } from './a.ts';").hasExportAll).toBe(false);
  });
});

describe('globals', () => {
  test.each([
    'process.exit()',
    'const env = globalThis.process?.env',
    'globalThis["process"]',
    'const { env } = process',
    'type P = typeof process',
    'const o = { process }',
    'const o = { [process]: 1 }',
    'x[process]',
    'let a; a = process',
    'f(process)',
    'export { process }',
    'label: process()',
  ])('finds process in: %s', (text) => {
    expect(facts(text).globals).toContain('process');
  });

  test.each([
    'const o = { process: 1 }; o.process; class K { process = 1; m() { return this.process; } }',
    'interface I { process: string; f(process: string): void }',
    'function f(process: number) { return process; }',
    'const f = ({ process, ...rest }, [document], { a: Buffer = 1 }) => [process, document, Buffer, rest]',
    'import { process, x as document } from "./a.ts"; process(document);',
    'try {} catch (process) { throw process; }',
    'type F = <process>(a: process) => void',
    'export { a as process } from "./a.ts"; process: for (;;) break process;',
    'globalThis[name]; globalThis[0]; space.process; type T = Space.process',
    '// process',
    'class process {} new process()',
    'function f(a = 1, ...process) { process; const [, b] = a; }',
    'const process = 1; const b = process',
  ])('finds no process or document in: %s', (text) => {
    const { globals } = facts(text);
    expect(globals).not.toContain('process');
    expect(globals).not.toContain('document');
    expect(globals).not.toContain('Buffer');
  });

  test('finds types of Node', () => {
    expect(facts('export function f(b: Buffer): NodeJS.ReadStream {}').globals).toEqual(
      new Set(['Buffer', 'NodeJS']),
    );
  });
});

test('says which file does not parse', () => {
  expect(() => facts('const = 1')).toThrow(/^file.ts does not parse/);
});
