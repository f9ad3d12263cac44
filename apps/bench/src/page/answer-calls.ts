import { messageOf } from '../harness/worker-protocol.ts';
import type { Readings } from '../harness/workload.ts';
import type { PageCall, PageReply, PageTask } from './page-protocol.ts';
import type { PageSession } from './page-session.ts';

/** Returns the function that answers calls with the session of the task that `start` names. */
export function answerCalls(
  startTask: (task: PageTask) => PageSession,
): (call: PageCall) => Promise<PageReply> {
  let session: PageSession | undefined;

  const started = () => {
    if (session === undefined) throw new Error('The page was told to work before it was started.');
    return session;
  };

  async function answer(call: PageCall): Promise<Readings | undefined> {
    switch (call.call) {
      case 'start':
        session = startTask(call.task);
        return undefined;
      case 'verify':
        await started().verify();
        return undefined;
      case 'rest':
        globalThis.gc?.();
        return undefined;
      case 'run':
        return started().run(call.round, call.part);
      case 'close':
        await session?.close();
        return undefined;
    }
  }

  return async (call) => {
    try {
      return { value: await answer(call) };
    } catch (error) {
      return { error: messageOf(error) };
    }
  };
}

/** Makes calls one after the other, up to the first that fails. Returns the last answer. */
export async function answerAll(
  answer: (call: PageCall) => Promise<PageReply>,
  calls: readonly PageCall[],
): Promise<PageReply> {
  let reply: PageReply = {};
  for (const call of calls) {
    reply = await answer(call);
    if ('error' in reply) return reply;
  }
  return reply;
}
