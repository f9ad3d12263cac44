import { describe, expect, test } from 'vitest';
import { memoryHost } from '../../test/memory-host.ts';
import { makeOutput } from './output.ts';
import { trackProgress } from './progress.ts';

/** A display whose clock and redraws the test moves. */
function display(isTTY = true) {
  const host = memoryHost({ isTTY });
  const output = makeOutput(host, { json: false, quiet: false, debug: false, color: false });
  let draw: (() => void) | undefined;
  let nowMs = 1000;
  const progress = trackProgress({
    output,
    verb: 'Copying',
    now: () => nowMs,
    every: (_ms, redraw) => {
      draw = redraw;
      return () => {
        draw = undefined;
      };
    },
  });
  return {
    progress,
    isDrawing: () => draw !== undefined,
    text: () => host.err(),
    /** Lets time pass and returns the lines that are drawn then. */
    after(ms: number): string[] {
      nowMs += ms;
      const before = host.err().length;
      draw?.();
      const drawn = host.err().slice(before);
      return drawn
        .slice(drawn.indexOf('\u001b[?7l') + 5, drawn.indexOf('\u001b[?7h'))
        .split('\n')
        .filter(Boolean);
    },
  };
}

describe('trackProgress', () => {
  test('shows totals, rate, time left and what is worked on', () => {
    const { progress, after } = display();
    progress.expect(1_000_000);
    progress.expect(3_000_000);
    const one = progress.begin('one.bin', 1_000_000);
    const two = progress.begin('two.bin', 3_000_000);
    expect(after(0)).toEqual([
      'Copying 0 of 2+ · 0 B of 4.0 MB+ · 0 B/s',
      '    0%  one.bin',
      '    0%  two.bin',
    ]);
    progress.expectNoMore();
    one.update(500_000);
    two.update(500_000);
    expect(after(1000)).toEqual([
      'Copying 0 of 2 · 1.0 MB of 4.0 MB · 1.0 MB/s · 3 s left',
      '   50%  one.bin',
      '   16%  two.bin',
    ]);
    one.done();
    expect(after(0)[0]).toMatch(/^Copying 1 of 2 · 1\.5 MB of 4\.0 MB/);
    two.update(3_000_000);
    two.done();
    expect(after(1000)).toEqual([expect.not.stringContaining('left')]);
  });

  test('measures the rate of the last seconds, not of the whole run', () => {
    const { progress, after } = display();
    progress.expect(100_000_000);
    const item = progress.begin('a', 100_000_000);
    after(0);
    item.update(50_000_000);
    after(1000);
    for (let second = 1; second <= 8; second += 1) {
      item.update(50_000_000 + second * 1_000_000);
      after(1000);
    }
    item.update(59_000_000);
    expect(after(1000)[0]).toContain(' · 1.0 MB/s');
  });

  test('writes longer times as minutes', () => {
    const { progress, after } = display();
    progress.expect(1_000_000_000);
    progress.expectNoMore();
    const item = progress.begin('a', 1_000_000_000);
    after(0);
    item.update(1_000_000);
    expect(after(1000)[0]).toContain('16:39 min left');
  });

  test('shows no more than four at once, and no share of what has no size', () => {
    const { progress, after } = display();
    progress.begin('odd\u001b[2J', undefined).update(7);
    for (let index = 0; index < 9; index += 1) progress.begin(String(index), 0);
    const lines = after(100);
    expect(lines).toHaveLength(5);
    expect(lines[1]).toBe('        odd\\u{1b}[2J');
  });

  test('counts what came of an object without a known size', () => {
    const { progress, after } = display();
    progress.expect(undefined);
    const item = progress.begin('a', undefined);
    item.update(700);
    item.done();
    expect(after(100)[0]).toMatch(/^Copying 1 of 1\+ · 700 B of 0 B\+/);
  });

  test('leaves nothing on the terminal at the end', () => {
    const { progress, after, isDrawing, text } = display();
    after(0);
    progress.end();
    expect(isDrawing()).toBe(false);
    expect(text().endsWith('\u001b[1A\u001b[J')).toBe(true);
  });

  test('draws nothing elsewhere', () => {
    const { progress, isDrawing, text } = display(false);
    progress.begin('a', 1).done();
    progress.end();
    expect(isDrawing()).toBe(false);
    expect(text()).toBe('');
  });

  test('redraws by a timer of its own', async () => {
    const host = memoryHost({ isTTY: true });
    const output = makeOutput(host, { json: false, quiet: false, debug: false, color: false });
    const progress = trackProgress({ output, verb: 'Copying', now: Date.now });
    await expect.poll(() => host.err()).toContain('Copying 0 of 0+');
    progress.end();
  });
});
