import { browserTabs, type SubjectTab } from '../browser/browser-tabs.ts';
import type { Subject } from '../harness/subject.ts';
import {
  defineWorkload,
  type Readings,
  type Scale,
  type SessionPlace,
  type Workload,
  type WorkloadDefinition,
} from '../harness/workload.ts';
import type { PageTask } from '../page/page-protocol.ts';

/** Something to measure in a page. */
export interface PageWorkloadSettings<Kind extends Subject>
  extends Pick<
    WorkloadDefinition<Kind>,
    'name' | 'title' | 'about' | 'metrics' | 'rounds' | 'leftOut' | 'groupOf'
  > {
  taskOf(subject: Kind, scale: Scale): PageTask;
  /** Does the work once. Default: one call to the page. */
  run?(tab: SubjectTab, round: PageRound): Promise<Readings>;
}

/** What a run is told. */
export interface PageRound {
  readonly task: PageTask;
  readonly round: number;
  readonly place: SessionPlace;
}

/** Subjects that run in pages of one browser, each at an origin of its own. */
export function pageWorkload<Kind extends Subject>(
  { taskOf, run = runOnce, ...definition }: PageWorkloadSettings<Kind>,
  subjects: readonly Kind[],
): Workload {
  const tabs = browserTabs();
  return defineWorkload<Kind>({
    ...definition,
    subjects,
    isolated: false,
    server: 'browser',
    prepare: ({ server }) => tabs.connect(server),
    cleanUp: () => tabs.disconnect(),
    async start(subject, place) {
      const task = taskOf(subject, place.scale);
      const tab = await tabs.open(place.server, `${definition.name}--${subject.id}`);
      return {
        async verify() {
          await tab.ask({ call: 'start', task });
          await tab.ask({ call: 'verify' });
        },
        run: (round) => run(tab, { task, round, place }),
        async close() {
          try {
            await tab.ask({ call: 'close' });
          } finally {
            await tab.close();
          }
        },
      };
    },
  });
}

async function runOnce(tab: SubjectTab, { round }: PageRound): Promise<Readings> {
  return (await tab.ask({ call: 'run', round, part: 'all' })) as Readings;
}
