import { watchBrowserMemory } from '../browser/browser-memory.ts';
import type { SubjectTab } from '../browser/browser-tabs.ts';
import { fact } from '../harness/servers.ts';
import type { LeftOut, Metric, Readings, Rounds, Scale, Workload } from '../harness/workload.ts';
import type { StreamSubject } from '../page/page-store.ts';
import { type PageRound, pageWorkload } from './page-workload.ts';

/** How large content is streamed. */
export interface BrowserStreamSettings {
  readonly name: string;
  readonly rounds?: Rounds;
  readonly leftOut?: readonly LeftOut[];
}

const SIZES: Readonly<Record<Scale, number>> = {
  full: 100_000_000,
  quick: 20_000_000,
  tiny: 2_000_000,
};

const speed = (title: string): Metric => ({ title, unit: 'MiB/s', better: 'higher' });
const memory = (title: string): Metric => ({ title, unit: 'bytes', better: 'lower' });

/** Streams 100 MB into a browser's storage and out again. */
export function browserStream(
  settings: BrowserStreamSettings,
  subjects: readonly StreamSubject[],
): Workload {
  return pageWorkload<StreamSubject>(
    {
      ...settings,
      title: '100 MB streamed in Chromium',
      about:
        'A stream of 100,000,000 bytes in pieces of 1 MiB is stored, then read as a stream to its end. Memory: the peak of all processes of the ' +
        'browser together (allocated pages, private and shared) over what they held when the run began, sampled every 25 ms.',
      metrics: {
        in: speed('in'),
        out: speed('out'),
        inBytes: memory('memory over idle, in'),
        outBytes: memory('memory over idle, out'),
      },
      groupOf: ({ over, durability }) => `${durability}, ${over}`,
      taskOf: ({ id }, scale) => ({ kind: 'stream', subject: id, sizeBytes: SIZES[scale] }),
      async run(tab, round) {
        const written = await watched(tab, round, 'in');
        const read = await watched(tab, round, 'out');
        return { ...written, ...read };
      },
    },
    subjects,
  );
}

async function watched(
  tab: SubjectTab,
  { round, place }: PageRound,
  part: 'in' | 'out',
): Promise<Readings> {
  await tab.ask({ call: 'rest' });
  const watch = watchBrowserMemory(Number(fact(place.server, 'processId')));
  try {
    const readings = (await tab.ask({ call: 'run', round, part })) as Readings;
    const bytes = watch.stop();
    return { ...readings, ...(bytes !== undefined && { [`${part}Bytes`]: bytes }) };
  } finally {
    watch.stop();
  }
}
