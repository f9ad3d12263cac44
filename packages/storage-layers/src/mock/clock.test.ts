import { describe, expect, test } from 'vitest';
import { fakeClock, systemClock } from './clock.ts';

describe('fakeClock', () => {
  test('stands still until it is moved', async () => {
    const clock = fakeClock({ startMs: 1000 });
    let woken = false;
    const sleeping = clock.sleep(50).then(() => {
      woken = true;
    });
    await clock.advance(49);
    expect([clock.now(), woken]).toEqual([1049, false]);
    await clock.advance(1);
    await sleeping;
    expect([clock.now(), woken]).toEqual([1050, true]);
  });

  test('wakes sleepers in the order of their time, and those who sleep again', async () => {
    const clock = fakeClock({ startMs: 0 });
    const seen: string[] = [];
    const sleeper = async (name: string, ...naps: number[]) => {
      for (const ms of naps) {
        await clock.sleep(ms);
        seen.push(`${name} ${clock.now()}`);
      }
    };
    const all = Promise.all([sleeper('a', 30), sleeper('b', 10, 10, 20), sleeper('c', 0)]);
    await clock.advance(100);
    await all;
    expect(seen).toEqual(['c 0', 'b 10', 'b 20', 'a 30', 'b 40']);
    expect(clock.now()).toBe(100);
  });

  test('moves by itself when it is told to', async () => {
    const clock = fakeClock({ startMs: 0, autoAdvance: true });
    await clock.sleep(100);
    await clock.sleep(20);
    expect(clock.now()).toBe(120);
  });

  test.each([{ autoAdvance: true }, { autoAdvance: false }])(
    'ends a sleep with its signal (%j)',
    async (options) => {
      const clock = fakeClock(options);
      await expect(clock.sleep(10, AbortSignal.abort('no'))).rejects.toMatchObject({
        code: 'aborted',
        cause: 'no',
      });
    },
  );

  test('forgets a sleeper whose signal is aborted', async () => {
    const clock = fakeClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(10, controller.signal);
    controller.abort('no');
    await expect(sleeping).rejects.toMatchObject({ code: 'aborted' });
    await clock.advance(10);
  });
});

describe('systemClock', () => {
  test('tells the time of the machine', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
  });

  test('sleeps, and ends a sleep with its signal', async () => {
    await systemClock.sleep(1, new AbortController().signal);
    const controller = new AbortController();
    const sleeping = systemClock.sleep(60_000, controller.signal);
    controller.abort('no');
    await expect(sleeping).rejects.toMatchObject({ code: 'aborted', cause: 'no' });
  });
});
