import { answerCall, type Calls } from './answer-call.ts';

/** A call, and where its answer goes. */
interface Message {
  readonly data: readonly [name: string, args: readonly unknown[]];
  readonly ports: readonly MessagePort[];
}

const waiting: Message[] = [];
let calls: Calls | undefined;

/**
 * Takes calls that reach this worker from now on. Imported before the module under test: a module
 * that waits while it loads would miss those that come meanwhile.
 */
addEventListener('message', (event) => receive(event as unknown as Message));
addEventListener('connect', (event) => {
  const { ports } = event as unknown as Pick<Message, 'ports'>;
  for (const port of ports) port.onmessage = receive;
});

/** Answers the calls that have come and those that will. */
export function answerFrom(exported: Calls): void {
  calls = exported;
  for (const message of waiting.splice(0)) receive(message);
}

function receive(message: Message): void {
  if (calls === undefined) {
    waiting.push(message);
    return;
  }
  const { data, ports } = message;
  void answerCall(calls, ...data).then((answer) => ports[0]?.postMessage(answer));
}
