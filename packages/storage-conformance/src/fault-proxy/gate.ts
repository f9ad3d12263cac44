/** Where bytes go. Returns whether they could. */
export type Write = (bytes: Buffer) => Promise<boolean>;

/** A way for the bytes of one body. */
export interface Gate {
  readonly write: Write;
  /** Says that the body is whole. Returns whether all of it went on. */
  end(): Promise<boolean>;
}

/** A gate that is open. */
export function openGate(write: Write): Gate {
  return { write, end: async () => true };
}

/**
 * A gate that stops once: after so many bytes, but always before the last one. Then `atLimit` decides
 * whether the rest may go.
 */
export function gateAt(limitBytes: number, write: Write, atLimit: () => Promise<boolean>): Gate {
  let passedBytes = 0;
  let held: Buffer = Buffer.alloc(0);
  let isOpen = false;

  async function open(): Promise<boolean> {
    isOpen = true;
    return (await atLimit()) && (held.length === 0 || write(held));
  }

  return {
    async write(bytes) {
      if (isOpen) return write(bytes);
      const all = Buffer.concat([held, bytes]);
      const room = Math.max(0, Math.min(limitBytes - passedBytes, all.length - 1));
      held = all.subarray(room);
      passedBytes += room;
      if (room > 0 && !(await write(all.subarray(0, room)))) return false;
      return passedBytes < limitBytes || open();
    },
    end: async () => isOpen || open(),
  };
}
