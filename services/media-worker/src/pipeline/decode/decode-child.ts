// The process that decodes what takes much memory or time. It answers one request and ends. It imports nothing large, since it starts for
// each picture.
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import sharp from 'sharp';
import { isMachineFault, MediaError, OutOfMemoryError, ProcessorUnavailableError } from '../errors.js';
import { renderPixels } from '../render/render-pixels.js';
import { type ChildReply, type ChildRequest, READY } from './child.js';
import { headerOf } from './header-of.js';

async function answer(request: ChildRequest): Promise<{ reply: ChildReply; data?: Buffer }> {
  if (request.kind === 'header') {
    return { reply: { header: await headerOf(request.path, request.where) } };
  }
  const { data, ...size } = await renderPixels(request.picture, request.limits);
  return { reply: { pixels: size }, data };
}

function failed(error: unknown): ChildReply {
  if (error instanceof MediaError) {
    const { code, message, width, height, orientation } = error;
    const size = width && height ? { width, height } : {};
    return { failure: { code, reason: message, detail: String(error.cause), orientation, ...size } };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return { failure: { code: codeOf(error), reason: detail, detail } };
}

function codeOf(error: unknown): 'memory' | 'machine' | 'unknown' {
  if (error instanceof OutOfMemoryError) return 'memory';
  return error instanceof ProcessorUnavailableError || isMachineFault(error) ? 'machine' : 'unknown';
}

sharp.cache(false);
sharp.concurrency(1);
process.stdout.write(READY);
const request = (await json(process.stdin)) as ChildRequest;
const { reply, data } = await answer(request).catch((error: unknown) => ({
  reply: failed(error),
  data: undefined,
}));
for (const part of [Buffer.from(`${JSON.stringify(reply)}\n`), data ?? Buffer.alloc(0)]) {
  if (!process.stdout.write(part)) await once(process.stdout, 'drain');
}
