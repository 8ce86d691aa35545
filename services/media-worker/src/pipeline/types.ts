import type { CapturedAtSource } from '@lazyphotos/contracts';

/** What a camera wrote about a photo, as far as it is believable: a field that is missing or absurd is absent. */
export interface PhotoMetadata {
  /** Without a zone in the file, the camera's wall-clock time taken as UTC. */
  capturedAt?: Date;
  /** Where in the file `capturedAt` was found. Both or neither. */
  capturedAtSource?: CapturedAtSource;
  /** Minutes east of UTC, where the file tells the time zone. */
  capturedAtOffset?: number;
  /** Pixels as stored, before any rotation. */
  width?: number;
  height?: number;
  /** Degrees, WGS 84. Both or neither. */
  locationLat?: number;
  locationLon?: number;
  /** Metres above the sea; only beside a location. */
  altitude?: number;
  /** Stars, 1 to 5. */
  rating?: number;
  /** `motion`: a video follows the picture in the file. Absent where the metadata could not be read. */
  kind?: 'photo' | 'motion';
  cameraMake?: string;
  cameraModel?: string;
  lensModel?: string;
  fNumber?: number;
  /** Seconds. */
  exposureTime?: number;
  iso?: number;
  /** Millimetres, as engraved (not the 35 mm equivalent). */
  focalLength?: number;
  /**
   * EXIF orientation, 1 to 8, by which a decoder's pixels of the original are to be turned. The previews are turned already. In
   * what `Pipeline` returns it is the one that was applied.
   */
  orientation?: number;
}

export type PreviewVariant = 'thumb' | 'medium';

export interface Preview {
  variant: PreviewVariant;
  data: Buffer;
  contentType: 'image/jpeg';
  width: number;
  height: number;
}

export interface ProcessedPhoto {
  metadata: PhotoMetadata;
  /** Pixels as displayed, that is after the orientation was applied. */
  width: number;
  height: number;
  previews: Preview[];
  /** Thumbhash, base64. */
  placeholder: string;
}

export interface PhotoFile {
  path: string;
  /** Canonical, as the upload service established it from the content. */
  mimeType: string;
}

export interface PipelineOptions {
  /** An existing folder for short-lived files; nothing stays in it. */
  scratchDir: string;
  /** Threads that libvips may use for one picture. Default 1: photos run side by side instead. */
  sharpThreads?: number;
  /** Pictures with more pixels are refused before they are decoded. Default 268 megapixels. */
  maxPixels?: number;
  /** What a decoder that holds a whole picture may allocate. Default an eighth of the memory, 192 to 512 MiB. */
  maxMemoryBytes?: number;
  /** The longest that one step (metadata, decoding) may take. Default 2 minutes. */
  taskTimeoutMs?: number;
  now?: () => Date;
}

export interface Pipeline {
  /**
   * Reads the metadata and makes the previews and the placeholder of one photo, from one decode.
   *
   * Throws `MediaError` when the fault is in the file, `ProcessorUnavailableError` when it is in the machine (try again
   * later), and the signal's reason when aborted.
   */
  process(file: PhotoFile, signal?: AbortSignal): Promise<ProcessedPhoto>;
  /** Ends the helper process and thread. Calls in flight fail. */
  close(): Promise<void>;
}

/** A photo that is ready to be rendered: something that sharp can read, checked but not yet decoded. */
export interface Picture {
  input: string | Buffer;
  /** Orientation to apply in place of the one that the bytes carry. */
  orientation?: number;
  /** The orientation, 2 to 8, by which the original's pixels are turned to be upright; absent when they are as decoded. */
  turnedBy?: number;
  /** Pixels of the photo as displayed; may exceed those of `input` (the preview inside a camera RAW). */
  width: number;
  height: number;
  /** Which picture of a TIFF file: a page, and a SubIFD of it. Default the first page itself. */
  page?: number;
  subIfd?: number;
  /** What the samples of a TIFF stand for. Default `display`. */
  meaning?: SampleMeaning;
  /** Whether any error of the decoder spoils the picture: libtiff does not say which of them leave pixels out. */
  isStrict?: boolean;
  /** Whether the pixels come in Display P3 when sRGB was asked for. */
  isDisplayP3?: boolean;
  /** How the samples of `input` are to be read, instead of by an ICC profile. */
  cicp?: Cicp;
  /** Of the samples that `cicp` describes. Default 8. */
  bitsPerSample?: 8 | 16;
  /** Whether libheif's own limits are lifted, since they would refuse a large photo for the number of its tiles. */
  unlimited?: boolean;
  /** Removes what was made to open the picture. Never throws. */
  release?: () => Promise<void>;
}

/**
 * What the numbers of a picture's samples stand for:
 * - `display`: colours as screens show them, or of a space that libvips converts by itself
 * - `light`: floating-point numbers in proportion to the light of a scene, where 1 is white
 * - the rest: CIE L*a*b* of the illuminant D50 in the notations of TIFF; `cielab` are those that libvips reads, 16 bits and float
 */
export type SampleMeaning = 'display' | 'light' | 'cielab' | 'cielab8' | 'icclab8' | 'icclab16' | 'itulab8';

/** Coding-independent code points (ITU-T H.273): what the numbers of a picture's samples mean. */
export interface Cicp {
  primaries: number;
  transfer: number;
  /** False: samples span the video range, 16 to 235 of 255. Default true. */
  fullRange?: boolean;
}

/** What opening and rendering a picture may cost. */
export interface Limits {
  maxPixels: number;
  /** For a decoder that holds a whole picture. */
  maxMemoryBytes: number;
  timeoutMs: number;
}
