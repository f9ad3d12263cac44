import type { ProcessGroup } from '../processes.ts';

/** What a program that uses the server must know of it. Plain text, so that it can be sent. */
export type ServerFacts = Readonly<Record<string, string>>;

/** One kind of server that this package can start. */
export interface Server {
  /** The server as a person calls it, at the start of a sentence. */
  readonly title: string;
  /** Programs that must be on the path, and the Debian packages that bring them. */
  readonly programs?: readonly string[];
  readonly packages?: readonly string[];
  /** Where it writes logs, below its folder. */
  readonly logs?: string;
  /** Starts it with everything it writes below `folder`. Resolves when it answers requests. */
  start(folder: string, processes: ProcessGroup): Promise<ServerFacts>;
}

/** One fact of a server, which must be there. */
export function fact(facts: ServerFacts, name: string): string {
  const value = facts[name];
  if (value === undefined) throw new Error(`The server did not tell its ${name}.`);
  return value;
}
