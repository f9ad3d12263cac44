/** A signal that tells how many listeners are on it. */
export interface CountedSignal {
  readonly signal: AbortSignal;
  readonly abort: (reason?: unknown) => void;
  listeners(): number;
}

/** Makes a signal that counts `abort` listeners that were added and neither removed nor spent. */
export function countedSignal(): CountedSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  Object.defineProperties(signal, {
    addEventListener: {
      value(
        type: string,
        listener: EventListenerOrEventListenerObject,
        options?: boolean | AddEventListenerOptions,
      ): void {
        listeners.add(listener);
        if (typeof options === 'object') {
          options.signal?.addEventListener('abort', () => listeners.delete(listener));
        }
        add(type, listener, options);
      },
    },
    removeEventListener: {
      value(
        type: string,
        listener: EventListenerOrEventListenerObject,
        options?: boolean | EventListenerOptions,
      ): void {
        listeners.delete(listener);
        remove(type, listener, options);
      },
    },
  });
  return {
    signal,
    abort: (reason) => controller.abort(reason),
    listeners: () => listeners.size,
  };
}
