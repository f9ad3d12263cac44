import { findRunner } from './catalog.ts';
import { answerRequests, type WorkerRequest } from './harness/worker-protocol.ts';

const answer = answerRequests(findRunner);

// The one who asks is gone.
process.on('disconnect', () => process.exit());

process.on('message', async (request: WorkerRequest) => {
  const reply = await answer(request);
  process.send?.(reply, () => {
    if (request.call === 'close') process.exit();
  });
});
