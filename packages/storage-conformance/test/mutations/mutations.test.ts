import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runConformance } from '../../src/run-conformance.ts';
import { mapHarness } from '../providers/map-harness.ts';
import { presignServer } from '../providers/presign-server.ts';
import { attributeMutations } from './attribute-mutations.ts';
import { candidateMutations } from './candidate-mutations.ts';
import { keyMutations } from './key-mutations.ts';
import { listMutations } from './list-mutations.ts';
import type { Mutation } from './mutation.ts';
import { operationMutations } from './operation-mutations.ts';
import { readMutations } from './read-mutations.ts';
import { tagMutations } from './tag-mutations.ts';
import { uploadMutations } from './upload-mutations.ts';
import { writeMutations } from './write-mutations.ts';

const MUTATIONS: readonly Mutation[] = [
  ...keyMutations,
  ...readMutations,
  ...writeMutations,
  ...listMutations,
  ...attributeMutations,
  ...operationMutations,
  ...uploadMutations,
  ...candidateMutations,
  ...tagMutations,
];

let server: Awaited<ReturnType<typeof presignServer>>;

beforeAll(async () => {
  server = await presignServer();
});
afterAll(() => server.close());

async function failures(
  rules: readonly string[] | undefined,
  wrap?: Mutation['wrap'],
): Promise<string[]> {
  const harness = mapHarness({ serverUrl: server.url, ...(wrap && { wrap, timeoutMs: 1000 }) });
  const report = await runConformance(harness, rules === undefined ? {} : { rules });
  return report.scenarios
    .filter(({ result }) => result === 'failed')
    .map(({ rule, title, reason }) => `${rule} ${title}: ${reason}`);
}

describe('the kit', () => {
  it('finds nothing wrong with the provider that is broken below', async () => {
    expect(await failures(undefined)).toEqual([]);
  }, 60_000);

  it.each(MUTATIONS.map((mutation) => [mutation.rule, mutation.name, mutation] as const))(
    'finds by %s the provider that %s',
    async (rule, _name, { wrap }) => {
      expect(await failures([rule], wrap)).not.toEqual([]);
    },
    60_000,
  );
});
