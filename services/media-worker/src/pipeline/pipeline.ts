import { stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import sharp from 'sharp';
import { MediaError, ProcessorUnavailableError } from './errors.js';
import { createHeicDecoder } from './heic/heic-decoder.js';
import { createMetadataTool } from './metadata/exiftool.js';
import { isMotionPhoto } from './metadata/motion.js';
import { gifTagArguments, type RawTags, rawTagArguments, tagArguments } from './metadata/tags.js';
import { toMetadata } from './metadata/to-metadata.js';
import { type Contents, inspect, type OpenDeps, openPicture } from './open/open-picture.js';
import { storedFacts } from './open/tiff/choose-picture.js';
import { renderPixels } from './render/render-pixels.js';
import { renderPreviews } from './render/render-previews.js';
import type {
  PhotoFile,
  PhotoMetadata,
  Picture,
  Pipeline,
  PipelineOptions,
  ProcessedPhoto,
} from './types.js';

const defaultMaxPixels = 268_000_000;
const defaultTimeoutMs = 120_000;
const mebibyte = 1024 * 1024;

export function createPipeline(options: PipelineOptions): Pipeline {
  // exiftool would read it as a format code in the names of files that it writes.
  if (options.scratchDir.includes('%')) throw new TypeError("scratchDir must not contain '%'");
  const { scratchDir, sharpThreads = 1, now = () => new Date() } = options;
  const limits = {
    maxPixels: options.maxPixels ?? defaultMaxPixels,
    maxMemoryBytes: options.maxMemoryBytes ?? decodeMemory(),
    timeoutMs: options.taskTimeoutMs ?? defaultTimeoutMs,
  };
  // Each photo is seen once: libvips' cache would only hold memory.
  sharp.cache(false);
  sharp.concurrency(sharpThreads);
  const tool = createMetadataTool({ taskTimeoutMs: limits.timeoutMs });
  const heic = createHeicDecoder(limits);
  const deps: OpenDeps = { heic, tool, scratchDir, limits };

  async function describe(file: PhotoFile, contents: Contents): Promise<Described> {
    const tags = await tool.readTags(file.path, argumentsFor(contents));
    const stored = contents.kind === 'tiff' ? storedFacts(contents.pictures) : {};
    const kind = (await isMotionPhoto(file.path, tags)) ? 'motion' : 'photo';
    return { tags, metadata: { ...toMetadata(tags, now()), ...stored, kind } };
  }

  return {
    async process(file, signal) {
      signal?.throwIfAborted();
      await checkFile(file.path);
      const contents = await inspect(file);
      // Read in another process while the pixels are decoded in this one.
      const described = describe(file, contents);
      described.catch(() => undefined);
      try {
        const { turnedBy, ...rendered } = await render(file, contents, described, deps, signal);
        return { metadata: asTurned((await described).metadata, turnedBy), ...rendered };
      } catch (error) {
        if (!(error instanceof MediaError)) throw error;
        const metadata = await salvage(described);
        throw error.withMetadata(asTurned(metadata, turningOfFailed(contents, error, metadata)));
      }
    },
    async close() {
      await Promise.all([tool.close(), heic.close()]);
    },
  };
}

function argumentsFor(contents: Contents): readonly string[] {
  if (contents.kind === 'tiff' || contents.kind === 'raw') return rawTagArguments;
  return contents.kind === 'bitmap' && contents.mimeType === 'image/gif' ? gifTagArguments : tagArguments;
}

interface Described {
  tags: RawTags;
  metadata: PhotoMetadata;
}

/** The steps from a file to its previews. Between any two of them the signal can end the work. */
async function render(
  file: PhotoFile,
  contents: Contents,
  described: Promise<Described>,
  deps: OpenDeps,
  signal: AbortSignal | undefined,
): Promise<Omit<ProcessedPhoto, 'metadata'> & Pick<Picture, 'turnedBy'>> {
  const picture = await openPicture(file, contents, described, deps, signal);
  try {
    signal?.throwIfAborted();
    const medium = await renderPixels(picture, deps.limits);
    signal?.throwIfAborted();
    const rendered = await renderPreviews(medium);
    const { width, height, turnedBy } = picture;
    return { width, height, ...(turnedBy ? { turnedBy } : {}), ...rendered };
  } finally {
    await picture.release?.();
  }
}

/**
 * The metadata with the orientation that the size and the previews have applied, wherever else the file names one (a thumbnail,
 * XMP, a text chunk, EXIF in HEIF): a client that turns the original by it sees what the previews show.
 */
function asTurned({ orientation, ...metadata }: PhotoMetadata, turnedBy: number | undefined): PhotoMetadata {
  const applied = turnedBy ?? (orientation === 1 ? orientation : undefined);
  return applied === undefined ? metadata : { ...metadata, orientation: applied };
}

/** What the decoder said beside the size that it found; when it found none, what EXIF says, by which HEIF is not turned. */
function turningOfFailed({ kind }: Contents, error: MediaError, metadata: PhotoMetadata): number | undefined {
  if (error.width !== undefined || kind === 'heic' || kind === 'avif') return error.orientation;
  return metadata.orientation;
}

/** An eighth of what this process may have: the decoders of a picture share it with all other services of a small machine. */
function decodeMemory(): number {
  const constrained = process.constrainedMemory();
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return Math.min(Math.max(memory / 8, 192 * mebibyte), 512 * mebibyte);
}

async function checkFile(path: string): Promise<void> {
  const file = await stat(path).catch((cause) => {
    throw new ProcessorUnavailableError('The file cannot be read', { cause });
  });
  if (!file.isFile()) throw new ProcessorUnavailableError('Not a regular file');
  if (file.size === 0) throw new MediaError('undecodable', 'The file is empty');
}

/** A fault of the file in both pixels and metadata leaves no metadata; a fault of the machine must still be told. */
async function salvage(described: Promise<Described>): Promise<PhotoMetadata> {
  try {
    return (await described).metadata;
  } catch (error) {
    if (error instanceof MediaError) return {};
    throw error;
  }
}
