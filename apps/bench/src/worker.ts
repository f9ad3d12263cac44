import { findRunner } from './catalog.ts';
import { answerRequests, type WorkerRequest } from './harness/worker-protocol.ts';

const answer = answerRequests(findRunner);

process.on('message', async (request: WorkerRequest) => {
  const reply = await answer(request);
  process.send?.(reply, () => {
    if (request.call === 'close') process.exit();
  });
});
