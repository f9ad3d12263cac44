import { isStorageError, toBody } from '@granary/storage-core/provider';
import { ensure, equal, fail, failsWith } from '../check.ts';
import { drain, filled, noise } from '../content.ts';
import type { ProxyFault } from '../fault-proxy.ts';
import { type FaultContext, NEW_CONTENT, OLD_CONTENT } from './fault-context.ts';
import { FAULT_OPERATIONS } from './fault-operations.ts';
import type { FaultScenario } from './fault-scenario.ts';

/** Requests of an upload that can each be hit. */
const UPLOAD_REQUESTS = ['first', 'second', 'third'];
const LARGE: Uint8Array = noise(300_000, 3);

/** Trouble that is over when the operation is tried again. */
const ONCE: readonly { readonly name: string; readonly fault: ProxyFault }[] = [
  { name: 'a connection that is refused', fault: { kind: 'refuse', times: 1 } },
  { name: 'a request that is cut', fault: { kind: 'cut-request', afterBytes: 100, times: 1 } },
  { name: 'a reply that is cut', fault: { kind: 'cut-response', afterBytes: 10, times: 1 } },
  { name: 'a reply that is lost', fault: { kind: 'lose-reply', times: 1 } },
  { name: 'a reply that does not come', fault: { kind: 'stall', where: 'before', times: 1 } },
  { name: 'an answer 503', fault: { kind: 'status', status: 503, times: 1 } },
];

const succeedsAfter: readonly FaultScenario[] = ONCE.flatMap(({ name, fault }) =>
  FAULT_OPERATIONS.map(
    (operation): FaultScenario => ({
      title: `${operation.name} succeeds after ${name}`,
      async run(context) {
        const reason = operation.unmet?.(context.provider);
        if (reason !== undefined) context.skip(reason);
        const { content } = operation;
        const hit = content === undefined ? fault : context.onContent(content, fault);
        await context.under(hit, () => operation.run(context.provider));
        await operation.after(context);
      },
    }),
  ),
);

const uploads: readonly FaultScenario[] = UPLOAD_REQUESTS.map((name, index) => ({
  title: `upload goes on when the reply to its ${name} request is lost`,
  async run(context) {
    const upload = FAULT_OPERATIONS.find((operation) => operation.name === 'upload');
    const reason = upload?.unmet?.(context.provider);
    if (upload === undefined || reason !== undefined) return context.skip(String(reason));
    let seen = 0;
    const isChosen = () => seen++ === index;
    const before = context.proxy.requests();
    context.proxy.set({ kind: 'lose-reply', match: isChosen });
    try {
      await upload.run(context.provider);
    } finally {
      context.proxy.set(undefined);
    }
    if (context.proxy.requests() - before <= index) {
      context.skip(`an upload of one part makes fewer requests`);
    }
    await upload.after(context);
  },
}));

/** Trouble that ends, and what must come of it. */
export const passingFaults: readonly FaultScenario[] = [
  ...succeedsAfter,
  ...uploads,
  {
    title: 'creating put with a lost reply succeeds, or says that its outcome is unknown',
    async run(context) {
      const { provider } = context;
      if (provider.capabilities.createIfAbsent !== true) {
        context.skip('the provider declares no `createIfAbsent`');
      }
      const body = toBody(NEW_CONTENT);
      try {
        await context.under(context.onContent('up', { kind: 'lose-reply', times: 1 }), () =>
          provider.put('new', body, { ifNoneMatch: '*' }),
        );
      } catch (error) {
        if (provider.capabilities.writeIds === true) throw error;
        tellsUnknown(error);
      }
      await context.whole({ old: [OLD_CONTENT], new: [NEW_CONTENT] });
    },
  },
  {
    title: 'put of a stream with a lost reply says that its outcome is unknown',
    async run(context) {
      const { provider } = context;
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(NEW_CONTENT);
          controller.close();
        },
      });
      const size = NEW_CONTENT.byteLength;
      try {
        await context.under(context.onContent('up', { kind: 'lose-reply' }), () =>
          provider.put('new', toBody(stream, { size }), {}),
        );
        fail('a put whose reply was lost cannot know that it succeeded');
      } catch (error) {
        tellsUnknown(error);
      }
      await context.whole({ old: [OLD_CONTENT], new: [undefined, NEW_CONTENT] });
    },
  },
  ...[1, 2].map(
    (times): FaultScenario => ({
      title: `download that is cut ${times === 1 ? 'once' : 'twice'} goes on where it was`,
      run: (context) => continues(context, { kind: 'cut-response', afterBytes: 100_000, times }),
    }),
  ),
  {
    title: 'download that stops in its middle goes on where it was',
    run: (context) => continues(context, { kind: 'stall', where: 'body', times: 1 }),
  },
  {
    title: 'download of an object that is replaced meanwhile fails with conflict',
    async run(context) {
      const { provider } = context;
      await provider.put('large', toBody(LARGE), {});
      context.beforeRetry(() => provider.put('large', toBody(filled(LARGE.byteLength, 9)), {}));
      await failsWith(
        'conflict',
        context.under(
          context.onContent('down', { kind: 'cut-response', afterBytes: 100_000, times: 1 }),
          async () => drain((await provider.get('large', {})).stream()),
        ),
        'a download whose object was replaced',
      );
    },
  },
];

async function continues(context: FaultContext, fault: ProxyFault): Promise<void> {
  const { provider } = context;
  if (provider.capabilities.rangeReads !== true) {
    context.skip('the provider declares no `rangeReads`');
  }
  await provider.put('large', toBody(LARGE), {});
  const bytes = await context.under(context.onContent('down', fault), async () => {
    const object = await provider.get('large', {});
    return drain(object.stream());
  });
  equal(bytes, LARGE, 'content that was read in pieces');
}

function tellsUnknown(error: unknown): void {
  ensure(
    isStorageError(error) && error.outcome === 'unknown',
    `a write whose reply was lost should say outcome 'unknown'; it says ${String(error)}`,
  );
}
