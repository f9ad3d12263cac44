import { isStorageError, toBody } from '@granary/storage-core/provider';
import { ensure, equal, failsWith } from '../check.ts';
import { collect } from '../content.ts';
import type { ProxyFault } from '../fault-proxy.ts';
import { type FaultContext, NEW_CONTENT, OLD_CONTENT } from './fault-context.ts';
import { FAULT_OPERATIONS } from './fault-operations.ts';
import type { FaultScenario } from './fault-scenario.ts';

const HOUR_SECONDS = 3600;
/** What a redirect is not. */
const MISLEADING: readonly string[] = ['unknown', 'not-found'];

/** Answers that mislead, and what a service asks for. */
export const answeredFaults: readonly FaultScenario[] = [
  ...[503, 429].flatMap((status) =>
    ['get', 'put', 'list'].map(
      (name): FaultScenario => ({
        title: `${name} waits as long as an answer ${status} asks for`,
        async run(context) {
          const operation = FAULT_OPERATIONS.find((one) => one.name === name);
          await context.under({ kind: 'status', status, retryAfter: 7, times: 1 }, async () =>
            operation?.run(context.provider),
          );
          equal(context.waits, [7_000], 'what was waited, in ms');
        },
      }),
    ),
  ),
  {
    title: 'a time to try again that is a date is kept',
    async run(context) {
      const retryAfter = new Date(Date.now() + 20_000).toUTCString();
      await context.under({ kind: 'status', status: 503, retryAfter, times: 1 }, () =>
        context.provider.stat('old', {}),
      );
      const [ms = 0] = context.waits;
      ensure(ms > 10_000 && ms <= 20_000, `it should wait up to 20 s, and waited ${ms} ms`);
    },
  },
  {
    title: 'an answer that asks for an hour is told and not waited for',
    async run(context) {
      const error = await context.failure(
        { kind: 'status', status: 503, retryAfter: HOUR_SECONDS },
        () => context.provider.stat('old', {}),
      );
      equal(error.retryAfterMs, HOUR_SECONDS * 1000, 'retryAfterMs');
      equal(context.waits, [], 'what was waited');
    },
  },
  {
    title: 'get never gives less than was announced as the content',
    async run(context) {
      const read = async () => (await context.provider.get('old', {})).bytes();
      await rightOrFailed(
        context,
        context.onContent('down', { kind: 'wrong-length', by: 10 }),
        read,
        OLD_CONTENT,
      );
    },
  },
  ...[10, -10].map(
    (by): FaultScenario => ({
      title: `list never leaves out what a reply ${Math.abs(by)} bytes too ${by > 0 ? 'short' : 'long'} hides`,
      async run(context) {
        await context.provider.put('new', toBody(NEW_CONTENT), {});
        const read = async () => {
          const pages = await collect(context.provider.list({}));
          return pages.flatMap(({ entries }) => entries.map(({ key }) => key));
        };
        await rightOrFailed(context, { kind: 'wrong-length', by }, read, ['new', 'old']);
      },
    }),
  ),
  ...FAULT_OPERATIONS.map(
    (operation): FaultScenario => ({
      title: `${operation.name} is not led to another server`,
      async run(context) {
        const reason = operation.unmet?.(context.provider);
        if (reason !== undefined) context.skip(reason);
        const decoy = await context.decoy({ kind: 'status', status: 200, body: 'decoy' });
        const error = await context.failure({ kind: 'redirect', location: decoy.url }, () =>
          operation.run(context.provider),
        );
        ensure(
          !MISLEADING.includes(error.code),
          `a redirect should be told, not as ${error.code} (${error.message})`,
        );
        equal(decoy.requests(), 0, 'requests at the other server');
        await operation.before(context);
      },
    }),
  ),
  {
    title: 'an abort ends a request that gets no reply, and its connection',
    async run({ provider, failure }) {
      const controller = new AbortController();
      const error = await failure({ kind: 'stall', where: 'before' }, () => {
        const reading = provider.get('old', { signal: controller.signal });
        setTimeout(() => controller.abort(), 100);
        return reading;
      });
      equal(error.code, 'aborted', 'code');
    },
  },
  {
    title: 'a store that cannot be reached is told by health',
    async run({ provider, under, skip }) {
      const { health } = provider;
      if (health === undefined) return skip('the provider has no `health`');
      const found = await under({ kind: 'refuse' }, () => health({}));
      equal(found.ok, false, 'ok');
      await failsWith('unavailable', Promise.reject(found.error), 'the error of health');
    },
  },
];

async function rightOrFailed(
  context: FaultContext,
  fault: ProxyFault,
  read: () => Promise<unknown>,
  expected: unknown,
): Promise<void> {
  const outcome = await context.under(fault, () =>
    read().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
  );
  if ('value' in outcome) {
    equal(outcome.value, expected, 'what was read from a reply with a wrong length');
    return;
  }
  const { error } = outcome;
  ensure(
    isStorageError(error) && error.code !== 'unknown' && error.code !== 'not-found',
    `a reply with a wrong length should be told as such, not as ${String(error)}`,
  );
}
