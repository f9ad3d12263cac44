import { describe, expect, test } from 'vitest';
import { closingReport } from './print.ts';
import type { Entry } from './tally.ts';

const entries: readonly Entry[] = [
  { group: 'checks', title: 'lint', state: 'passed' },
  { group: '@granary/storage-s3', title: 'live > puts', state: 'skipped', reason: 'no account' },
  { group: '@granary/storage-s3', title: 'live > gets', state: 'skipped', reason: 'no account' },
  { group: '@granary/storage-fs', title: 'list', state: 'failed', reason: 'two is not three' },
];

describe('closingReport', () => {
  test('ends with the sum and nothing after it', () => {
    expect(closingReport(entries).split('\n').at(-1)).toBe('1 passed, 1 failed, 2 skipped');
    expect(closingReport([])).toMatch(/\n0 passed, 0 failed, 0 skipped$/);
  });

  test('gives each group a line', () => {
    expect(closingReport(entries)).toContain(
      '  @granary/storage-s3  0 passed, 0 failed, 2 skipped\n',
    );
  });

  test('lists skips by reason and suite', () => {
    expect(closingReport(entries)).toContain(
      [
        'Skipped, with the reason:',
        '  no account (2)',
        '    @granary/storage-s3 live: puts; gets',
        '',
      ].join('\n'),
    );
  });

  test('lists failures with what went wrong', () => {
    expect(closingReport(entries)).toContain(
      'Failed:\n  @granary/storage-fs list\n    two is not three\n',
    );
  });

  test('leaves out headings that would be empty', () => {
    expect(closingReport(entries.slice(0, 1))).not.toMatch(/Skipped|Failed/);
  });
});
