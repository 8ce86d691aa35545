import { stat } from 'node:fs/promises';
import { previewSizes } from '@lazyphotos/contracts';
import pLimit from 'p-limit';
import sharp from 'sharp';
import { UNOBSERVED } from './bounded-process.js';
import { Decoder } from './decode/decoder.js';
import { isMachineFault, MediaError, ProcessorFaultError, ProcessorUnavailableError } from './errors.js';
import { HeicDecoder } from './heic/heic-decoder.js';
import { MetadataTool } from './metadata/exiftool.js';
import { isMotionPhoto } from './metadata/motion.js';
import { GIF_TAG_ARGUMENTS, RAW_TAG_ARGUMENTS, type RawTags, TAG_ARGUMENTS } from './metadata/tags.js';
import { toMetadata } from './metadata/to-metadata.js';
import { type Contents, inspect, type OpenDeps, openPicture } from './open/open-picture.js';
import { storedFacts } from './open/tiff/open-tiff.js';
import { renderPreviews } from './render/render-previews.js';
import type { PhotoFile, PhotoMetadata, Picture, PipelineOptions, ProcessedPhoto } from './types.js';

const DEFAULT_MAX_PIXELS = 268_000_000;
const DEFAULT_TIMEOUT_MS = 120_000;
const DEFAULT_MEMORY_BYTES = 256 * 1024 * 1024;

const EXPECTED = [MediaError, ProcessorFaultError, ProcessorUnavailableError];

export class Pipeline {
  readonly #tool: MetadataTool;
  readonly #heic: HeicDecoder;
  readonly #decoder: Decoder;
  readonly #deps: OpenDeps;
  readonly #now: () => Date;

  constructor(options: PipelineOptions) {
    // exiftool would treat it as a format code in the names of files that it writes.
    if (options.scratchDir.includes('%')) throw new TypeError("scratchDir must not contain '%'");
    const { scratchDir, sharpThreads = 1, now = () => new Date() } = options;
    const { lane = pLimit(1), observer = UNOBSERVED } = options;
    const limits = {
      maxPixels: options.maxPixels ?? DEFAULT_MAX_PIXELS,
      maxMemoryBytes: options.maxMemoryBytes ?? DEFAULT_MEMORY_BYTES,
      maxSide: previewSizes.medium,
      timeoutMs: options.taskTimeoutMs ?? DEFAULT_TIMEOUT_MS,
    };
    // Each photo is decoded once, so libvips' cache would only take memory.
    sharp.cache(false);
    sharp.concurrency(sharpThreads);
    this.#tool = new MetadataTool({ taskTimeoutMs: limits.timeoutMs, lane, observer });
    this.#heic = new HeicDecoder(limits, lane);
    this.#decoder = new Decoder({ limits, lane, observer });
    this.#deps = { decoder: this.#decoder, heic: this.#heic, tool: this.#tool, scratchDir, limits };
    this.#now = now;
  }

  /**
   * Reads the metadata and makes the previews and the placeholder of one photo, from one decode. `isSuspect`: an attempt
   * before has failed or ended a process.
   * @throws MediaError when the fault is in the file; ProcessorUnavailableError when it is in the machine (try again later);
   * ProcessorFaultError when it may be in either; the reason of the signal
   */
  async process(file: PhotoFile, signal?: AbortSignal, isSuspect = false): Promise<ProcessedPhoto> {
    try {
      return await this.#process(file, signal, isSuspect);
    } catch (error) {
      if (signal?.aborted || EXPECTED.some((type) => error instanceof type)) throw error;
      if (isMachineFault(error))
        throw new ProcessorUnavailableError('A file of the photo cannot be used', { cause: error });
      throw new ProcessorFaultError('Processing the photo failed unexpectedly', { cause: error });
    }
  }

  async #process(
    file: PhotoFile,
    signal: AbortSignal | undefined,
    isSuspect: boolean,
  ): Promise<ProcessedPhoto> {
    signal?.throwIfAborted();
    await checkFile(file.path);
    const contents = await inspect(file);
    // Read in another process while the pixels are decoded in this one.
    const described = this.#describe(file, contents);
    described.catch(() => undefined);
    try {
      const { turnedBy, ...rendered } = await render(file, contents, described, this.#deps, {
        signal,
        isSuspect,
      });
      const { metadata, fault } = await described;
      return {
        metadata: asTurned(metadata, turnedBy),
        ...(fault && { metadataFault: fault }),
        ...rendered,
      };
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      const metadata = await salvage(described);
      throw error.withMetadata(asTurned(metadata, turningOfFailed(contents, error, metadata)));
    }
  }

  /** Ends the helper process and thread. Running calls fail. */
  async close(): Promise<void> {
    this.#decoder.close();
    await Promise.all([this.#tool.close(), this.#heic.close()]);
  }

  /** A picture can be shown even if its metadata take more memory or time than exiftool may have. */
  async #describe(file: PhotoFile, contents: Contents): Promise<Described> {
    const stored = contents.kind === 'tiff' ? storedFacts(contents.pictures) : {};
    try {
      const tags = await this.#tool.readTags(file.path, argumentsFor(contents));
      const kind = (await isMotionPhoto(file.path, tags)) ? 'motion' : 'photo';
      return { tags, metadata: { ...toMetadata(tags, this.#now()), ...stored, kind } };
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      return { tags: {}, metadata: stored, fault: error };
    }
  }
}

function argumentsFor(contents: Contents): readonly string[] {
  if (contents.kind === 'tiff' || contents.kind === 'raw') return RAW_TAG_ARGUMENTS;
  return contents.kind === 'bitmap' && contents.mimeType === 'image/gif' ? GIF_TAG_ARGUMENTS : TAG_ARGUMENTS;
}

interface Described {
  tags: RawTags;
  metadata: PhotoMetadata;
  /** Why the tags could not be read, if so. */
  fault?: MediaError;
}

/** The steps from a file to its previews. The signal can end the work between two of them. */
async function render(
  file: PhotoFile,
  contents: Contents,
  described: Promise<Described>,
  deps: OpenDeps,
  { signal, isSuspect }: { signal: AbortSignal | undefined; isSuspect: boolean },
): Promise<Omit<ProcessedPhoto, 'metadata'> & Pick<Picture, 'turnedBy'>> {
  const picture = await openPicture(file, contents, described, deps, signal);
  try {
    signal?.throwIfAborted();
    const medium = await deps.decoder.renderPixels(picture, isSuspect, signal);
    signal?.throwIfAborted();
    const rendered = await renderPreviews(medium);
    const { width, height, turnedBy } = picture;
    return { width, height, ...(turnedBy ? { turnedBy } : {}), ...rendered };
  } finally {
    await picture.release?.();
  }
}

/**
 * Returns the metadata with the orientation that was applied to the size and the previews, not one from elsewhere in the file (a
 * thumbnail, XMP, a text chunk, EXIF in HEIF). A client that rotates the original by it shows what the previews show.
 */
function asTurned({ orientation, ...metadata }: PhotoMetadata, turnedBy: number | undefined): PhotoMetadata {
  const applied = turnedBy ?? (orientation === 1 ? orientation : undefined);
  return applied === undefined ? metadata : { ...metadata, orientation: applied };
}

/** Returns the orientation that belongs to the decoder's size; without a size, that of EXIF, which does not apply to HEIF. */
function turningOfFailed({ kind }: Contents, error: MediaError, metadata: PhotoMetadata): number | undefined {
  if (error.width !== undefined || kind === 'heic' || kind === 'avif') return error.orientation;
  return metadata.orientation;
}

async function checkFile(path: string): Promise<void> {
  const file = await stat(path).catch((cause) => {
    throw new ProcessorUnavailableError('The file cannot be read', { cause });
  });
  if (!file.isFile()) throw new ProcessorUnavailableError('Not a regular file');
  if (file.size === 0) throw new MediaError('undecodable', 'The file is empty');
}

/** Returns no metadata if the file is faulty in them as well. A fault of the machine is thrown. */
async function salvage(described: Promise<Described>): Promise<PhotoMetadata> {
  try {
    return (await described).metadata;
  } catch (error) {
    if (error instanceof MediaError) return {};
    throw error;
  }
}
