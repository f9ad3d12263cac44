import { describe, expect, it } from 'vitest';
import { badgeOf, type ConformanceReport, describeCapabilities, formatReport } from './report.ts';

const report: ConformanceReport = {
  name: 'acme',
  ok: false,
  specVersion: 1,
  capabilities: {
    copy: true,
    move: false,
    attributes: 'none',
    delimiter: 'slash',
    listFields: ['size', 'etag'],
  },
  passed: 1,
  failed: 1,
  skipped: 1,
  knownGaps: 1,
  ms: 1234,
  scenarios: [
    { rule: 'GET-1', title: 'returns the bytes', result: 'passed', ms: 1.4 },
    { rule: 'LIST-12', title: 'fails', result: 'failed', reason: 'it ends\nearly', ms: 20 },
    {
      rule: 'WATCH-1',
      title: 'tells',
      result: 'skipped',
      reason: '`watch` is not declared',
      ms: 0,
    },
    { rule: 'PUT-2', title: 'keeps', result: 'known-gap', reason: 'the emulator forgets', ms: 3 },
  ],
};

describe('formatReport', () => {
  it('makes a table with totals', () => {
    expect(formatReport(report)).toBe(
      [
        'rule     result     ms  scenario',
        'GET-1    ok          1  returns the bytes',
        'LIST-12  FAILED     20  fails: it ends early',
        'WATCH-1  skipped     0  tells: `watch` is not declared',
        'PUT-2    known gap   3  keeps: the emulator forgets',
        '',
        'acme: 1 passed, 1 failed, 1 skipped, 1 known gaps (1.2 s)',
        'granary spec 1: not conformant',
        'capabilities: copy delimiter=slash listFields=size+etag',
      ].join('\n'),
    );
  });

  it('shows only what is worth a look', () => {
    const text = formatReport(report, { show: 'notable' });
    expect(text).toContain('LIST-12');
    expect(text).toContain('PUT-2');
    expect(text).not.toContain('GET-1');
    const fine = { ...report, ok: true, failed: 0, knownGaps: 0, scenarios: [] };
    expect(formatReport(fine, { show: 'notable' })).toMatch(
      /^acme: 1 passed, 0 failed, 1 skipped \(1.2 s\)/,
    );
  });
});

it('sums a run up in one line', () => {
  expect(badgeOf({ ok: true, passed: 7, knownGaps: 0 })).toBe(
    'granary spec 1: conformant (7 scenarios)',
  );
  expect(badgeOf({ ok: true, passed: 7, knownGaps: 2 })).toBe(
    'granary spec 1: conformant but for 2 known gaps (7 scenarios)',
  );
  expect(describeCapabilities({})).toBe('none');
});
