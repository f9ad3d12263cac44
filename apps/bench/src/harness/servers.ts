/** What a client has to know of a server: plain data, which another process can be told. */
export type ServerFacts = Readonly<Record<string, string>>;

/** A server that was started. */
export interface RunningServer {
  readonly facts: ServerFacts;
  stop(): Promise<void>;
}

/** Servers by the names that workloads have for them. */
export type ServerStarters = Readonly<Record<string, () => Promise<RunningServer>>>;

/** Servers that are started when a workload needs them, each once. */
export interface ServerPool {
  /** Errors: those of the start, for every workload that needs the server; a `TypeError` for an unknown name. */
  factsOf(name: string): Promise<ServerFacts>;
  /** Stops all that were started. */
  stop(): Promise<void>;
}

/** Returns a pool in which no server is started yet. */
export function serverPool(starters: ServerStarters): ServerPool {
  const started = new Map<string, Promise<RunningServer>>();
  return {
    async factsOf(name) {
      const start = starters[name];
      if (start === undefined) throw new TypeError(`There is no server "${name}".`);
      const running = started.get(name) ?? start();
      started.set(name, running);
      return (await running).facts;
    },
    async stop() {
      const ended = await Promise.allSettled(started.values());
      started.clear();
      for (const result of ended) if (result.status === 'fulfilled') await result.value.stop();
    },
  };
}

/** A fact that must be there. */
export function fact(facts: ServerFacts | undefined, name: string): string {
  const value = facts?.[name];
  if (value === undefined) throw new Error(`The server has told no "${name}".`);
  return value;
}
