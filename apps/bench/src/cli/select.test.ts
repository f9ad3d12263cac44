import { describe, expect, test } from 'vitest';
import { defineSubject } from '../harness/subject.ts';
import { defineWorkload } from '../harness/workload.ts';
import { select } from './select.ts';

const subjects = [
  defineSubject({ id: 'raw-b', title: 'Raw', kind: 'raw' }),
  defineSubject({ id: 'files-sdk', title: 'Files', kind: 'peer' }),
];
const workloads = ['fs-1k', 'fs-64k', 'memory', 'calls-x', 'ms-calls'].map((name) =>
  defineWorkload({
    name,
    title: name,
    about: '',
    metrics: {},
    subjects,
    start: () => Promise.reject(new Error('not started')),
  }),
);

function names(filters: string[], words: string[]): string[] {
  return select(workloads, filters, words).map(
    ({ workload, subjects: chosen }) => `${workload.name}: ${chosen.map(({ id }) => id).join(' ')}`,
  );
}

describe('select', () => {
  test('takes all when nothing is said', () => {
    expect(names([], [])).toHaveLength(5);
  });

  test('takes workloads that have one of the words in their name', () => {
    expect(names(['64', 'mem'], [])).toEqual([
      'fs-64k: raw-b files-sdk',
      'memory: raw-b files-sdk',
    ]);
  });

  test('takes those alone that begin with the word, where some do', () => {
    expect(names(['fs'], [])).toEqual(['fs-1k: raw-b files-sdk', 'fs-64k: raw-b files-sdk']);
    expect(names(['1k'], [])).toEqual(['fs-1k: raw-b files-sdk']);
    expect(names(['calls'], [])).toEqual(['calls-x: raw-b files-sdk']);
  });

  test('takes subjects by part of the id or by kind', () => {
    expect(names(['memory'], ['files'])).toEqual(['memory: files-sdk']);
    expect(names(['memory'], ['raw'])).toEqual(['memory: raw-b']);
  });

  test('says what there is when nothing matches', () => {
    expect(() => names(['s3'], [])).toThrow(
      'Nothing matches s3. Workloads: fs-1k, fs-64k, memory, calls-x, ms-calls.',
    );
  });
});
