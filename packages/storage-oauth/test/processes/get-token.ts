// Asks for a token once, from a vault in an encrypted file that other processes are at too; prints it.
import { createVault } from '@granary/storage-credentials/node';
import { createSignIn, openId } from '../../src/node.ts';

const [issuer = '', clientId = '', folder = '', startAt = '0'] = process.argv.slice(2);
const store = createVault({ driver: 'file', folder, file: { keyFile: `${folder}/key` } });
const auth = createSignIn({ provider: openId({ issuer, clientId }), store });
await auth.accounts();
await new Promise((resolve) => setTimeout(resolve, Number(startAt) - Date.now()));
try {
  const { token } = await auth.getToken();
  console.log(token);
} finally {
  await store.close();
}
