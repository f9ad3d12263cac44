import { describe, expect, test } from 'vitest';
import { resultFixture, rowFixture } from '../../test/fixtures/results.ts';
import type { WorkloadResult } from '../harness/run-workload.ts';
import { renderWorkload } from './markdown.ts';
import { verdictOn } from './matrix.ts';

const result: WorkloadResult = {
  ...resultFixture('calls-x', { put: 'calls', get: 'calls', list: 'calls', getMs: 'ms' }, [
    rowFixture('granary', 'granary', 'A', { put: [2], get: [2], list: [1], getMs: [101] }),
    rowFixture('granary-none', 'granary', 'A', { put: [1], get: [2], list: [1] }),
    rowFixture('granary-more', 'granary', 'B', { put: [5], get: [5], list: [1] }),
    rowFixture('sdk', 'raw', 'A', { put: [1], get: [1] }),
    rowFixture('first', 'peer', 'A', { put: [1], get: [3], list: [1] }),
    rowFixture('second', 'peer', 'A', { put: [3], get: [2] }),
  ]),
  layout: 'matrix',
};

describe('verdictOn', () => {
  test('is met when no way of Granary makes more calls than the best peer', () => {
    expect(verdictOn(result, 'get')).toEqual({ isMet: true, text: 'met' });
  });

  test('says in bold who makes more, and than whom', () => {
    expect(verdictOn(result, 'put')).toEqual({
      isMet: false,
      text: '**missed: granary 2, first 1**',
    });
  });

  test('holds nobody against who stores something else', () => {
    const [, , more] = result.rows;
    if (more === undefined) throw new Error('no row');
    expect(verdictOn({ ...result, rows: [more] }, 'put')).toBeUndefined();
    expect(verdictOn(result, 'nothing')).toBeUndefined();
  });
});

describe('renderWorkload', () => {
  test('shows operations by subjects, a table for each unit', () => {
    const text = renderWorkload(result);
    expect(text).toMatchInlineSnapshot(`
      "## Title of calls-x (\`calls-x\`)

      About it.

      ### Calls

      | operation | granary | granary-none | granary-more | sdk | first | second | never more than the best peer  |
      | --------- | ------: | -----------: | -----------: | --: | ----: | -----: | ------------------------------ |
      | the put   |       2 |            1 |            5 |   1 |     1 |      3 | **missed: granary 2, first 1** |
      | the get   |       2 |            2 |            5 |   1 |     3 |      2 | met                            |
      | the list  |       1 |            1 |            1 |   – |     1 |      – | met                            |

      ### Waiting

      | operation | granary |
      | --------- | ------: |
      | the getMs |  101 ms |

      Took 1 min 1 s; other programs used 2.00 % of the machine."
    `);
  });

  test('heads a table of another unit with it, and tells what a reader has to know', () => {
    const row = rowFixture('granary', 'granary', 'A', { ratio: [2] });
    const noted = { ...row, subject: { ...row.subject, note: 'keeps everything' } };
    const text = renderWorkload({
      ...resultFixture('calls-y', { ratio: 'x', put: 'calls' }, [
        noted,
        { ...noted, error: 'it failed' },
      ]),
      layout: 'matrix',
    });
    expect(text).toContain('### x\n');
    expect(text).not.toContain('### Calls');
    expect(text.match(/^- granary: keeps everything\.$/gm)).toHaveLength(1);
  });

  test('shows no table of a unit that nobody has', () => {
    expect(renderWorkload({ ...result, rows: [] })).not.toContain('###');
  });
});
