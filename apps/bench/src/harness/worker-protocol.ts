import type { Runner } from './runner.ts';
import type { SessionPlace } from './workload.ts';

/** What the parent process asks of a worker. */
export type WorkerRequest =
  | {
      readonly id: number;
      readonly call: 'open';
      readonly workload: string;
      readonly subject: string;
      readonly place: SessionPlace;
    }
  | { readonly id: number; readonly call: 'run'; readonly round: number }
  | { readonly id: number; readonly call: 'close' };

/** What it answers. */
export type WorkerReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/** Returns the function that answers requests, one after the other, with the runner that `open` asks for. */
export function answerRequests(
  findRunner: (workload: string, subject: string, place: SessionPlace) => Runner,
): (request: WorkerRequest) => Promise<WorkerReply> {
  let runner: Runner | undefined;

  async function answer(request: WorkerRequest): Promise<unknown> {
    switch (request.call) {
      case 'open':
        runner = findRunner(request.workload, request.subject, request.place);
        return runner.open();
      case 'run':
        if (runner === undefined) throw new Error('A worker was told to run before it was opened.');
        return runner.run(request.round);
      case 'close':
        return runner?.close();
    }
  }

  return async (request) => {
    try {
      return { id: request.id, value: await answer(request) };
    } catch (error) {
      return { id: request.id, error: messageOf(error) };
    }
  };
}

/** The first lines of an error, with what caused it. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (cause: ${messageOf(error.cause)})`;
  return `${error.message.split('\n').slice(0, 3).join(' ')}${cause}`;
}
