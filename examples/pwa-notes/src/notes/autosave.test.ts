import { beforeEach, describe, expect, test } from 'vitest';
import { createAutosave, type SaveState } from './autosave.ts';

/** Timers that run when a test says so. */
function testTimers() {
  let waiting: (() => void) | undefined;
  return {
    set: (call: () => void) => {
      waiting = call;
      return 1;
    },
    clear: () => {
      waiting = undefined;
    },
    run: () => waiting?.(),
    get isWaiting() {
      return waiting !== undefined;
    },
  };
}

describe('createAutosave', () => {
  let saved: string[];
  let states: SaveState['kind'][];
  let timers: ReturnType<typeof testTimers>;
  let gate: PromiseWithResolvers<void> | undefined;
  let fails: boolean;

  beforeEach(() => {
    saved = [];
    states = [];
    timers = testTimers();
    gate = undefined;
    fails = false;
  });

  const make = () =>
    createAutosave<string>({
      async save(value) {
        await gate?.promise;
        if (fails) throw new Error('full');
        saved.push(value);
      },
      onState: ({ kind }) => states.push(kind),
      timers,
    });

  test('saves the last of several changes, once', async () => {
    const autosave = make();
    for (const value of ['a', 'ab', 'abc']) autosave.change(value);
    expect(saved).toEqual([]);
    timers.run();
    expect(await autosave.flush()).toBe(true);
    expect(saved).toEqual(['abc']);
    expect(states).toEqual(['waiting', 'waiting', 'waiting', 'saving', 'saved']);
    expect(autosave.isDirty).toBe(false);
  });

  test('begins to save at once when it is flushed', () => {
    const autosave = make();
    autosave.change('a');
    void autosave.flush();
    expect(states.at(-1)).toBe('saving');
    expect(timers.isWaiting).toBe(false);
  });

  test('saves again what changed during a save', async () => {
    gate = Promise.withResolvers();
    const autosave = make();
    autosave.change('a');
    const first = autosave.flush();
    autosave.change('b');
    expect(autosave.isDirty).toBe(true);
    gate.resolve();
    expect(await first).toBe(true);
    expect(saved).toEqual(['a', 'b']);
    timers.run();
    expect(await autosave.flush()).toBe(true);
    expect(saved).toEqual(['a', 'b']);
  });

  test('keeps what could not be saved, and tries it again', async () => {
    fails = true;
    const autosave = make();
    autosave.change('a');
    expect(await autosave.flush()).toBe(false);
    expect(states.at(-1)).toBe('failed');
    expect(autosave.isDirty).toBe(true);
    fails = false;
    expect(await autosave.flush()).toBe(true);
    expect(saved).toEqual(['a']);
  });

  test('prefers a change to the older value that failed', async () => {
    fails = true;
    gate = Promise.withResolvers();
    const autosave = make();
    autosave.change('old');
    const failed = autosave.flush();
    autosave.change('new');
    gate.resolve();
    await failed;
    fails = false;
    await autosave.flush();
    expect(saved).toEqual(['new']);
  });

  test('gives up what is discarded', async () => {
    const autosave = make();
    autosave.change('a');
    autosave.discard();
    expect(await autosave.flush()).toBe(true);
    expect(saved).toEqual([]);
  });

  test('does not try again what was discarded while it was saved', async () => {
    fails = true;
    gate = Promise.withResolvers();
    const autosave = make();
    autosave.change('a');
    const flushed = autosave.flush();
    autosave.discard();
    gate.resolve();
    expect(await flushed).toBe(true);
    expect(states.at(-1)).toBe('saved');
    expect(autosave.isDirty).toBe(false);
  });

  test('waits by the timers of the page where none are given', async () => {
    const done = Promise.withResolvers<string>();
    const autosave = createAutosave<string>({
      save: async (value) => done.resolve(value),
      onState: () => {},
      delayMs: 0,
    });
    autosave.change('a');
    autosave.change('b');
    expect(await done.promise).toBe('b');
  });
});
