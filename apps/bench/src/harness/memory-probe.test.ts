import { describe, expect, test, vi } from 'vitest';
import { type MemoryFacts, startMemoryProbe, systemFacts } from './memory-probe.ts';

function facts(overrides: Partial<MemoryFacts> = {}): MemoryFacts {
  return {
    collect: () => {},
    residentBytes: () => 100,
    resetPeak: () => {},
    peakBytes: () => 0,
    openFiles: () => undefined,
    ...overrides,
  };
}

describe('startMemoryProbe', () => {
  test('keeps the highest sample', () => {
    vi.useFakeTimers();
    try {
      let resident = 100;
      const probe = startMemoryProbe(facts({ residentBytes: () => resident }));
      resident = 900;
      vi.advanceTimersByTime(20);
      resident = 200;
      vi.advanceTimersByTime(20);
      expect(probe.stop()).toEqual({ idleBytes: 100, peakBytes: 900 });
    } finally {
      vi.useRealTimers();
    }
  });

  test("prefers the kernel's mark when it is higher", () => {
    const probe = startMemoryProbe(facts({ peakBytes: () => 5000 }));
    expect(probe.stop().peakBytes).toBe(5000);
  });

  test('collects before it looks at the idle process', () => {
    const order: string[] = [];
    startMemoryProbe(
      facts({
        collect: () => order.push('collect'),
        residentBytes: () => order.push('look'),
        resetPeak: () => order.push('reset'),
      }),
    ).stop();
    expect(order.slice(0, 3)).toEqual(['collect', 'look', 'reset']);
  });

  test('keeps the most open files', () => {
    let open = 3;
    const probe = startMemoryProbe(facts({ openFiles: () => open }));
    open = 9;
    expect(probe.stop().openFiles).toBe(9);
  });

  test('reads this process', () => {
    const held: Uint8Array[] = [];
    const probe = startMemoryProbe(systemFacts);
    for (let index = 0; index < 8; index++) held.push(new Uint8Array(1024 * 1024).fill(1));
    const { idleBytes, peakBytes } = probe.stop();
    expect(held).toHaveLength(8);
    expect(idleBytes).toBeGreaterThan(1024 * 1024);
    expect(peakBytes).toBeGreaterThanOrEqual(idleBytes);
  });
});
