// Starts the server that the first argument names, prints where it is, and stays until it is killed;
// with the second argument `leave` it ends by itself without stopping the server.
import { startAzure, startS3 } from '../../src/index.ts';

const service = await (process.argv[2] === 's3' ? startS3() : startAzure());
console.log(service.endpoint);
if (process.argv[3] !== 'leave') setInterval(() => undefined, 1_000);
