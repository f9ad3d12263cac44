import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workloads } from '../src/catalog.ts';
import { processorTime } from '../src/harness/machine.ts';
import { runWorkload } from '../src/harness/run-workload.ts';
import { localRunner } from '../src/harness/runner.ts';
import { serverPool } from '../src/harness/servers.ts';
import type { Subject } from '../src/harness/subject.ts';
import type { Workload } from '../src/harness/workload.ts';
import { servers } from '../src/servers/servers.ts';

/** The first workload of a server waits for its start; a browser's takes seconds on a busy machine. */
const SMOKE_TIMEOUT_MS = 60_000;

let root = '';
/** Each server is started once for all workloads: about a second for S3, less for the others. */
const pool = serverPool(servers);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-smoke-'));
});
afterAll(async () => {
  await pool.stop();
  await rm(root, { recursive: true, force: true });
});

/** Peers of drives are run by command alone: one of them is a program that may not be there. */
function subjectsOf({ name, subjects }: Workload): readonly Subject[] {
  return name.startsWith('calls-') ? subjects.filter(({ kind }) => kind !== 'peer') : subjects;
}

describe('every workload', () => {
  test.each(workloads)(
    '$name works for every subject on the smallest size',
    async (workload) => {
      const { rows } = await runWorkload(workload, subjectsOf(workload), {
        scale: 'tiny',
        warmUps: 0,
        runs: 1,
        laneBudgetMs: Number.POSITIVE_INFINITY,
        seed: 1,
        folders: {
          disk: join(root, 'disk', workload.name),
          memory: join(root, 'memory', workload.name),
        },
        makeRunner: localRunner,
        processorTime,
        startServer: pool.factsOf,
        serversCpuMs: () => undefined,
      });
      const problems = rows.flatMap(({ subject, error }) =>
        error === undefined ? [] : [`${subject.id}: ${error}`],
      );
      expect(problems).toEqual([]);
      for (const { subject, values } of rows) {
        expect(Object.keys(values), subject.id).not.toEqual([]);
        for (const [metric, [value]] of Object.entries(values)) {
          expect(value, `${subject.id} ${metric}`).toSatisfy(Number.isFinite);
        }
      }
      for (const metric of Object.keys(workload.metrics)) {
        expect(
          rows.some(({ values }) => metric in values),
          `nobody has ${metric}`,
        ).toBe(true);
      }
    },
    SMOKE_TIMEOUT_MS,
  );
});
