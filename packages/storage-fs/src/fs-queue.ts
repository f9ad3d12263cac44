/** Runs work on one name after the other, and work on different names at once. */
export interface NameQueue {
  run<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
}

export function nameQueue(): NameQueue {
  const last = new Map<string, Promise<unknown>>();
  return {
    run(name, work) {
      const before = last.get(name);
      const result = before === undefined ? work() : before.then(work, work);
      const settled = result.catch(() => {});
      last.set(name, settled);
      settled.then(() => {
        if (last.get(name) === settled) last.delete(name);
      });
      return result;
    },
  };
}
