import { describe, expect, test } from 'vitest';
import { defineSubject } from './subject.ts';
import { defineWorkload } from './workload.ts';

const raw = defineSubject({ id: 'raw', title: 'Raw', kind: 'raw', durability: 'B' });
const bundle = defineSubject({ id: 'bundle', title: 'Bundle', kind: 'peer' });
const session = { verify: async () => {}, run: async () => ({}), close: async () => {} };
const place = { folder: '/f', shared: '/s', scale: 'tiny' } as const;

const definition = {
  name: 'work',
  title: 'Work',
  about: 'Does it.',
  metrics: {},
  subjects: [raw, bundle],
  start: async () => session,
};

describe('defineWorkload', () => {
  test('groups by durability, puts files on the disk and isolates, unless told otherwise', () => {
    const workload = defineWorkload(definition);
    expect(workload.groupOf(raw)).toBe('B');
    expect(workload.groupOf(bundle)).toBe('all');
    expect(workload.placeOf(raw)).toBe('disk');
    expect(workload).toMatchObject({ isolated: true, exact: false });
  });

  test('takes groups, places and settings of its own', () => {
    const workload = defineWorkload({
      ...definition,
      isolated: false,
      exact: true,
      groupOf: ({ id }) => id,
      placeOf: () => 'memory',
    });
    expect(workload.groupOf(raw)).toBe('raw');
    expect(workload.placeOf(raw)).toBe('memory');
    expect(workload).toMatchObject({ isolated: false, exact: true });
  });

  test('starts its own subject for one that is equal by id', async () => {
    const started: unknown[] = [];
    const workload = defineWorkload({
      ...definition,
      start: async (subject) => {
        started.push(subject);
        return session;
      },
    });
    await workload.start({ ...raw }, place);
    expect(started[0]).toBe(raw);
  });

  test('refuses a subject it does not have', async () => {
    const stranger = defineSubject({ id: 'stranger', title: 'x', kind: 'raw' });
    await expect(defineWorkload(definition).start(stranger, place)).rejects.toThrow(
      'has no subject "stranger"',
    );
  });

  test('refuses a subject that occurs twice', () => {
    expect(() => defineWorkload({ ...definition, subjects: [raw, raw] })).toThrow(
      'a subject twice',
    );
  });
});
