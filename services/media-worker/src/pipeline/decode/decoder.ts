import { stat } from 'node:fs/promises';
import type { LimitFunction } from 'p-limit';
import type { SharpOptions } from 'sharp';
import type { ToolObserver } from '../bounded-process.js';
import {
  isMachineFault,
  MediaError,
  OutOfMemoryError,
  ProcessorFaultError,
  ProcessorUnavailableError,
} from '../errors.js';
import { checkPixels, turningOf } from '../open/header.js';
import { type Pixels, renderPixels } from '../render/render-pixels.js';
import type { Header, Limits, Picture } from '../types.js';
import { askChild, type ChildAnswer, type ChildRequest } from './child.js';
import { isLargeFile, isLight } from './cost.js';
import { headerOf } from './header-of.js';

/** The formats that may be decoded. libvips supports more (SVG, PDF, ...), which are not photos and are used in attacks. */
const ACCEPTED_FORMATS: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif']);

export interface DecoderOptions {
  limits: Limits;
  /** One at a time: what takes much memory. */
  lane: LimitFunction;
  observer: ToolObserver;
}

/** Decodes what sharp can decode: light pictures in this process, others in one that may die (docs/decisions/0042-bombs.md). */
export class Decoder {
  readonly #options: DecoderOptions;
  readonly #closing = new AbortController();

  constructor(options: DecoderOptions) {
    this.#options = options;
  }

  /** @throws MediaError when the picture is damaged, has another format or is too large; ProcessDiedError, ProcessorUnavailableError, the reason of the signal */
  async readHeader(path: string, where: SharpOptions = {}, signal?: AbortSignal): Promise<Header> {
    const header = await this.#headerOf(path, where, signal);
    if (!ACCEPTED_FORMATS.has(header.format)) {
      throw new MediaError('unsupported', `Pictures of the format ${header.format} are not supported`);
    }
    checkPixels({ ...header.autoOrient, ...turningOf(header) }, this.#options.limits);
    return header;
  }

  /**
   * Decodes a picture to the size of the largest preview. `isSuspect`: never in this process, since an attempt before has failed.
   * @throws MediaError, ProcessorFaultError, ProcessorUnavailableError, the reason of the signal
   */
  async renderPixels(picture: Picture, isSuspect: boolean, signal?: AbortSignal): Promise<Pixels> {
    const { limits } = this.#options;
    const { release: _release, ...plain } = picture;
    const { input, header } = plain;
    // Pixels that are decoded already.
    if (typeof input !== 'string') return renderPixels(picture, limits);
    const isRisky =
      isSuspect ||
      !header ||
      isLargeFile(await sizeOf(input)) ||
      !(await isLight(input, header, limits.maxMemoryBytes));
    const pixels = isRisky ? undefined : await unlessOutOfMemory(renderPixels(picture, limits));
    if (pixels) return pixels;
    const { reply, data } = await this.#ask({ kind: 'render', picture: plain, limits }, signal);
    if ('pixels' in reply) return { data, ...reply.pixels };
    throw new ProcessorFaultError('The decoder gave no pixels');
  }

  /** Ends what runs. Later calls that need another process fail. */
  close(): void {
    this.#closing.abort(new ProcessorUnavailableError('The photo processor is closed'));
  }

  async #headerOf(path: string, where: SharpOptions, signal?: AbortSignal): Promise<Header> {
    const header = isLargeFile(await sizeOf(path))
      ? undefined
      : await unlessOutOfMemory(headerOf(path, where));
    if (header) return header;
    const { reply } = await this.#ask({ kind: 'header', path, where }, signal);
    if ('header' in reply) return reply.header;
    throw new ProcessorFaultError('The decoder gave no header');
  }

  #ask(request: ChildRequest, signal?: AbortSignal): Promise<ChildAnswer> {
    const { limits, lane, observer } = this.#options;
    const closing = this.#closing.signal;
    const anySignal = signal ? AbortSignal.any([signal, closing]) : closing;
    return lane(() => {
      anySignal.throwIfAborted();
      observer.started('decoder');
      const onEnd = (reason: Parameters<ToolObserver['ended']>[1]) => observer.ended('decoder', reason);
      return askChild(request, { limits, signal: anySignal, onEnd });
    });
  }
}

/** Resolves to undefined if the machine gave no more memory: a process of its own then tells whether the picture is the cause. */
async function unlessOutOfMemory<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof OutOfMemoryError) return undefined;
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    if (isMachineFault(cause)) throw new ProcessorUnavailableError('The file cannot be read', { cause });
    throw cause;
  }
}
