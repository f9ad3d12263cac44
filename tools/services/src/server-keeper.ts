import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { type OpenServer, openServer } from './open-server.ts';
import type { ServerFacts } from './servers/server.ts';
import { SERVERS } from './servers/servers.ts';

/** The one line that the keeper of a server writes. */
export type KeeperAnswer = { readonly facts: ServerFacts } | { readonly error: string };

/**
 * Starts the server `name`, writes a `KeeperAnswer`, and resolves when `input` has ended or the
 * server has, with nothing of the server left.
 */
export async function keepServer(name: string, input: Readable, output: Writable): Promise<void> {
  const released = once(input.resume(), 'close');
  // Who asked may be gone before the answer is written.
  output.on('error', () => undefined);
  const answer = (line: KeeperAnswer) => output.write(`${JSON.stringify(line)}\n`);

  const server = Object.entries(SERVERS).find(([known]) => known === name)?.[1];
  if (server === undefined) {
    answer({ error: `There is no server '${name}'.` });
    return;
  }
  let open: OpenServer;
  try {
    open = await openServer(server);
  } catch (error) {
    answer({ error: (error as Error).message });
    return;
  }
  answer({ facts: open.facts });
  await Promise.race([released, open.ended]);
  await open.stop();
}
