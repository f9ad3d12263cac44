/** How safe the last change is. */
export type SaveState =
  | { readonly kind: 'saved' | 'waiting' | 'saving' }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Saves a value a moment after its last change, one write at a time. */
export interface Autosave<Value> {
  /** What is to be saved now. Keeps the latest; an earlier one that waits is replaced. */
  change(value: Value): void;
  /**
   * Begins to save what waits, before it returns. Resolves to whether all is saved; never rejects.
   * What failed is tried again.
   */
  flush(): Promise<boolean>;
  /** Gives up what waits. A write that has begun goes on, and is not tried again. */
  discard(): void;
  /** Whether something waits, is under way or has failed. */
  readonly isDirty: boolean;
}

/** What {@link createAutosave} works by. */
export interface AutosaveOptions<Value> {
  readonly save: (value: Value) => Promise<void>;
  readonly onState: (state: SaveState) => void;
  /** Units: ms. Default: 400. */
  readonly delayMs?: number;
  /** Default: the timers of the page. */
  readonly timers?: {
    readonly set: (call: () => void, ms: number) => unknown;
    readonly clear: (timer: unknown) => void;
  };
}

const PAGE_TIMERS = {
  set: (call: () => void, ms: number): unknown => setTimeout(call, ms),
  clear: (timer: unknown): void => clearTimeout(timer as number),
};

/** Makes an autosave. A value whose save failed waits until the next change or flush. */
export function createAutosave<Value>(options: AutosaveOptions<Value>): Autosave<Value> {
  const { save, onState, delayMs = 400, timers = PAGE_TIMERS } = options;
  let waiting: { readonly value: Value } | undefined;
  let running: Promise<boolean> | undefined;
  let timer: unknown;
  /** Whether the write under way was given up. */
  let isGivenUp = false;

  const stopTimer = () => {
    if (timer !== undefined) timers.clear(timer);
    timer = undefined;
  };

  async function run(): Promise<boolean> {
    while (waiting !== undefined) {
      const { value } = waiting;
      waiting = undefined;
      isGivenUp = false;
      onState({ kind: 'saving' });
      try {
        await save(value);
      } catch (error) {
        if (isGivenUp) continue;
        waiting ??= { value };
        onState({ kind: 'failed', error });
        return false;
      }
    }
    onState({ kind: 'saved' });
    return true;
  }

  function flush(): Promise<boolean> {
    stopTimer();
    if (running !== undefined) return running;
    if (waiting === undefined) return Promise.resolve(true);
    running = run().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    change(value) {
      waiting = { value };
      if (running === undefined) onState({ kind: 'waiting' });
      stopTimer();
      timer = timers.set(() => {
        timer = undefined;
        void flush();
      }, delayMs);
    },
    flush,
    discard() {
      stopTimer();
      waiting = undefined;
      isGivenUp = true;
    },
    get isDirty() {
      return waiting !== undefined || running !== undefined;
    },
  };
}
