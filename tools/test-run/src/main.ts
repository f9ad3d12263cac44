import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, readWorkspace } from '@granary-tools/workspace';
import { runScript } from '@granary-tools/workspace/command';
import { closingReport } from './print.ts';
import { runEverything } from './run-everything.ts';
import { type Entry, tally } from './tally.ts';

const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(name, () => interrupt.abort());
}

const entries = await everything().catch((error: unknown): readonly Entry[] => [
  { group: 'checks', title: 'whole run', state: 'failed', reason: String(error) },
]);
console.log(closingReport(entries));
process.exitCode = tally(entries).failed > 0 ? 1 : 0;

async function everything(): Promise<readonly Entry[]> {
  const reports = await mkdtemp(join(tmpdir(), 'granary-tests-'));
  try {
    return await runEverything({
      root: ROOT,
      reports,
      packages: await readWorkspace(),
      run: runScript,
      say: (line) => console.log(line),
      signal: interrupt.signal,
    });
  } finally {
    await rm(reports, { recursive: true, force: true });
  }
}
