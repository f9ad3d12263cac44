import { describe, expect, test } from 'vitest';
import { codeBlocks } from './code-blocks.ts';

const read = (...lines: string[]) => codeBlocks('docs/a.md', lines.join('\n'));

describe('codeBlocks', () => {
  test('returns ts, js and sh blocks with their line and words', () => {
    const { blocks, problems } = read(
      '# Title',
      '```ts no-run',
      'const a = 1;',
      '```',
      '```json',
      '{}',
      '```',
      '```sh run',
      'ls',
      'pwd',
      '```',
    );
    expect(problems).toEqual([]);
    expect(blocks).toEqual([
      {
        document: 'docs/a.md',
        line: 3,
        language: 'ts',
        words: new Set(['no-run']),
        code: 'const a = 1;',
      },
      { document: 'docs/a.md', line: 9, language: 'sh', words: new Set(['run']), code: 'ls\npwd' },
    ]);
  });

  test('takes the indentation of a block inside a list away', () => {
    const { blocks } = read('- item', '  ```js', '  if (a) {', '    b();', '  }', '  ```');
    expect(blocks[0]?.code).toBe('if (a) {\n  b();\n}');
  });

  test('reads fences of more ticks, which may hold other fences', () => {
    const { blocks } = read(
      '````md',
      '```ts',
      'not code of ours',
      '```',
      '````',
      '```ts',
      'a',
      '```',
    );
    expect(blocks.map(({ code }) => code)).toEqual(['a']);
  });

  test('finds words that mean nothing', () => {
    expect(read('```ts norun', '```').problems).toEqual([
      "docs/a.md:1: 'norun' means nothing after 'ts'",
    ]);
    expect(read('```js type-error', '```').problems).toHaveLength(1);
  });

  test('finds names of languages that would escape the check', () => {
    expect(read('```typescript', '```').problems).toEqual([
      "docs/a.md:1: write 'ts' instead of 'typescript'",
    ]);
  });

  test('finds a fence that is never closed', () => {
    expect(read('text', '```ts', 'const a = 1;').problems).toEqual([
      'docs/a.md:2: the fence is never closed',
    ]);
  });

  test('ignores fences without a language', () => {
    expect(read('```', 'a picture', '```')).toEqual({ blocks: [], problems: [] });
  });
});
