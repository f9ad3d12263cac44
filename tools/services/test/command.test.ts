import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SERVICES } from '../src/services.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

test.each(Object.keys(SERVICES))('up %s runs until it is interrupted', async (name) => {
  const command = spawn(process.execPath, [MAIN, 'up', name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(command, 'exit');
  let printed = '';
  for await (const chunk of command.stdout.iterator({ destroyOnReturn: false })) {
    printed += chunk;
    if (printed.includes('Try: ')) break;
  }
  const endpoint = /runs on (\S+) /.exec(printed)?.[1] ?? '';
  expect((await fetch(endpoint)).status).toBeLessThan(500);
  expect(printed).toMatch(/ {2}export \w+='[\s\S]*Try: \w+:\/\/test-bucket\?/);
  const rest = text(command.stdout);
  command.kill('SIGINT');
  expect(await exited).toEqual([0, null]);
  expect(await rest).toContain('Stopped. Nothing of it is left.');
  await expect(fetch(endpoint)).rejects.toThrow();
});

test.each(Object.keys(SERVICES))('%s starts with a store to try, and stops', async (name) => {
  const service = await SERVICES[name]?.start();
  const endpoint = String(service?.endpoint);
  expect((await fetch(endpoint)).status).toBeLessThan(500);
  await service?.stop();
  await service?.gone;
  await expect(fetch(endpoint)).rejects.toThrow();
});
