import { describe, expect, test } from 'vitest';
import { codeBlocks } from './code-blocks.ts';
import { programs } from './programs.ts';

const read = (...lines: string[]) => programs(codeBlocks('docs/A b.md', lines.join('\n')).blocks);

describe('programs', () => {
  test('names a file after the document and the line', () => {
    expect(read('```ts', 'a', '```')[0]).toMatchObject({
      fileName: 'docs-a-b-md-2.ts',
      place: 'docs/A b.md:2',
      mustTypecheck: true,
      mustRun: true,
    });
  });

  test('does not run what is marked', () => {
    const [noRun, typeError] = read('```js no-run', '```', '```ts type-error', '```');
    expect(noRun).toMatchObject({ mustTypecheck: true, mustRun: false });
    expect(typeError).toMatchObject({ mustTypecheck: false, mustRun: false });
  });

  test('joins a block with those that it continues and knows where each line stands', () => {
    const [, second, third] = read(
      '```ts',
      'one',
      '```',
      '```sh',
      'ls',
      '```',
      '```ts continues',
      'two',
      '```',
      '```ts continues',
      'three',
      '```',
    );
    expect(second?.code).toBe('one\ntwo');
    expect(third?.code).toBe('one\ntwo\nthree');
    expect(third?.places).toEqual(['docs/A b.md:2', 'docs/A b.md:8', 'docs/A b.md:11']);
  });

  test('leaves shell blocks out', () => {
    expect(read('```sh run', 'ls', '```')).toEqual([]);
  });
});
