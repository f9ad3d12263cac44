import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openKeeper, type Program } from './kept-programs.ts';

function node(script: string, timeoutMs = 20_000): Program {
  const args = ['-e', script];
  return { command: process.execPath, args, env: {}, ready: /ready at (\d+)/, timeoutMs };
}

describe('openKeeper', () => {
  test('starts programs and ends them', async () => {
    const keeper = await openKeeper();
    const program = await keeper.start(
      node("console.log('ready at 7'); setInterval(() => {}, 1e3)"),
    );
    expect(program.said).toBe('7');
    await program.kill();
    expect(await program.gone).toBe('ready at 7');
    await keeper.stop();
    await keeper.stop();
  });

  test('refuses a program that ends or is slow before it is ready', async () => {
    const keeper = await openKeeper();
    await expect(keeper.start(node("console.log('oh no')"))).rejects.toThrow(
      /ended before it was ready\. oh no$/,
    );
    await expect(keeper.start(node('setInterval(() => {}, 1000)', 200))).rejects.toThrow(
      'was not ready after 0.2 s.',
    );
    await keeper.stop();
  });

  test('tells of programs that are gone because the keeper is', async () => {
    const keeper = await openKeeper();
    const program = await keeper.start(
      node("console.log('ready at 7'); setInterval(() => {}, 1e3)"),
    );
    await keeper.stop();
    expect(await program.gone).toMatch(/ready at 7|has ended/);
  });

  test('says why there is no keeper', async () => {
    const outer = await openKeeper();
    const script = join(outer.folder, 'broken.js');
    await writeFile(script, "throw new Error('no keeper today')");
    await expect(openKeeper(script)).rejects.toThrow('no keeper today');
    await outer.stop();
  });
});
