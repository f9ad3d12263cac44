// Writes into an encrypted file until it is killed. Tells each write before and after it.
import { createVault, fileDriver } from '../../src/node.ts';

const [folder = '', worker = ''] = process.argv.slice(2);
const vault = createVault({
  driver: fileDriver({ path: `${folder}/vault.json`, keyFile: `${folder}/key` }),
});
for (let number = 1; ; number += 1) {
  process.stdout.write(`begin ${number}\n`);
  await vault.set(worker, `${worker} ${number} ${'x'.repeat(20_000)}`);
  process.stdout.write(`done ${number}\n`);
}
