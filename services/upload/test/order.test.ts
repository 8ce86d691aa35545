import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import fc from 'fast-check';
import { CHUNK, startUpload, type UploadNode } from './harness.js';
import { beginChunk } from './raw-request.js';
import { newFile, type TestFile, type User } from './user.js';

type Step =
  | { kind: 'send'; chunk: number }
  | { kind: 'sendOther'; chunk: number }
  | { kind: 'cut'; chunk: number; bytes: number }
  | { kind: 'status' }
  | { kind: 'announce' }
  | { kind: 'complete' };

const CHUNKS = 5;
const chunk = fc.nat(CHUNKS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('send' as const), chunk }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sendOther' as const), chunk }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const), chunk, bytes: fc.nat(CHUNK - 1) }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>({ kind: 'status' }, { kind: 'announce' }, { kind: 'complete' }),
  },
);
/** Steps of one group run at the same time. */
const groups = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 8 });

const spanOf = ({ bytes }: TestFile, index: number) => bytes.subarray(index * CHUNK, (index + 1) * CHUNK);

/** Runs a step and checks its answer; `stored` collects the chunks that were acknowledged. */
async function run(
  node: UploadNode,
  user: User,
  sessionId: string,
  file: TestFile,
  step: Step,
  stored: Set<number>,
) {
  if (step.kind === 'send') {
    expect((await user.put(sessionId, step.chunk * CHUNK, spanOf(file, step.chunk))).status).toBe(204);
    stored.add(step.chunk);
  } else if (step.kind === 'sendOther') {
    // Only stored chunks may be sent with other bytes: a wrong first chunk cannot be told from the right one.
    if (!stored.has(step.chunk)) return;
    const wrong = Buffer.alloc(spanOf(file, step.chunk).length, 1);
    expect((await user.put(sessionId, step.chunk * CHUNK, wrong)).status).toBe(204);
  } else if (step.kind === 'cut') {
    const offset = step.chunk * CHUNK;
    const contentLength = spanOf(file, step.chunk).length;
    const request = beginChunk({ url: node.url, token: user.token, sessionId, offset, contentLength });
    await request.send(Buffer.alloc(Math.min(step.bytes, contentLength - 1), 2));
    request.cut();
  } else if (step.kind === 'status') {
    expect((await user.status(sessionId)).status).toBe(200);
  } else if (step.kind === 'announce') {
    expect((await user.announce(file)).status).toBe(200);
  } else {
    expect([200, 409]).toContain((await user.complete(sessionId)).status);
  }
}

describeWithPostgres('chunks in any order, with repeats and cut connections', () => {
  let node: UploadNode;
  beforeAll(async () => {
    node = await startUpload();
  });
  afterAll(() => node.stop());

  it('end in exactly the announced file', async () => {
    const size = fc.integer({ min: (CHUNKS - 1) * CHUNK + 1, max: CHUNKS * CHUNK });
    await fc.assert(
      fc.asyncProperty(groups, size, async (plan, bytes) => {
        const user = node.user();
        const file = newFile(bytes);
        const session = await user.open(file);
        const stored = new Set<number>();
        for (const group of plan) {
          const before = new Set(stored);
          await Promise.all(
            group.map((item) =>
              run(node, user, session.id, file, item, item.kind === 'sendOther' ? before : stored),
            ),
          );
          const { body } = await user.status(session.id);
          if (body.status === 'open') {
            const received = body.received.reduce(
              (sum: number, range: { length: number }) => sum + range.length,
              0,
            );
            expect(received).toBe([...stored].reduce((sum, index) => sum + spanOf(file, index).length, 0));
          }
        }
        await user.sendAll(session, file);
        const reply = await user.complete(session.id);
        expect(reply.status).toBe(200);
        const photo = { id: reply.body.photoId, userId: user.id };
        expect(await node.bytesOf(photo)).toEqual(file.bytes);
        expect(await node.eventsOf(photo.id)).toHaveLength(1);
      }),
      { numRuns: 25 },
    );
  });
});
