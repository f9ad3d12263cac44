import { expect, test } from 'vitest';
import { startKept } from './kept-server.ts';
import { fact } from './servers/server.ts';

test('tells what the keeper complained about when it ends without an answer', async () => {
  await expect(startKept('azure', process.env, '/nowhere/keeper.ts')).rejects.toThrow(
    /^The keeper of 'azure' ended\. [\s\S]*Cannot find module/,
  );
});

test('a fact that a server does not tell is named', () => {
  expect(fact({ port: '1' }, 'port')).toBe('1');
  expect(() => fact({}, 'endpoint')).toThrow('The server did not tell its endpoint.');
});
