import type { CapturedAtSource } from '@lazyphotos/contracts';
import type { LimitFunction } from 'p-limit';
import type { Metadata } from 'sharp';
import type { ToolObserver } from './bounded-process.js';

/** The metadata of a photo. A field that is missing or not plausible in the file is absent. */
export interface PhotoMetadata {
  /** Without a zone in the file, the camera's wall-clock time taken as UTC. */
  capturedAt?: Date;
  /** Where in the file `capturedAt` was found. Both or neither. */
  capturedAtSource?: CapturedAtSource;
  /** Minutes east of UTC, if the file tells the time zone. */
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
   * EXIF orientation, 1 to 8, by which the decoded pixels of the original must be turned. The previews are turned already. The
   * `Pipeline` returns the orientation that was applied.
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
  /** Why the metadata in the file could not be read, if so. */
  metadataFault?: { code: string; message: string };
  /** Pixels as displayed, that is after the orientation was applied. */
  width: number;
  height: number;
  previews: Preview[];
  /** Thumbhash, base64. */
  placeholder: string;
}

export interface PhotoFile {
  path: string;
  /** Canonical, as the upload service detected it from the content. */
  mimeType: string;
}

export interface PipelineOptions {
  /** An existing folder for temporary files. */
  scratchDir: string;
  /** Threads that libvips may use for one picture. Default 1: photos run side by side instead. */
  sharpThreads?: number;
  /** Pictures with more pixels are refused before they are decoded. Default 268 megapixels. */
  maxPixels?: number;
  /** The memory that the decoding of one picture may take. Default 256 MiB. */
  maxMemoryBytes?: number;
  /** Runs what takes much memory, one at a time; shared by all that does. */
  lane?: LimitFunction;
  /** Told of the processes that work on photos. */
  observer?: ToolObserver;
  /** The longest that one step (metadata, decoding) may take. Default 2 minutes. */
  taskTimeoutMs?: number;
  now?: () => Date;
}

/** What sharp tells of a picture without decoding it. */
export type Header = Pick<
  Metadata,
  | 'format'
  | 'width'
  | 'height'
  | 'autoOrient'
  | 'orientation'
  | 'channels'
  | 'depth'
  | 'space'
  | 'hasProfile'
  | 'isProgressive'
  | 'chromaSubsampling'
>;

/** A photo that is ready to be rendered: an input for sharp, checked but not yet decoded. */
export interface Picture {
  input: string | Buffer;
  /** Of `input`. Without it, it is not known what the decoding takes. */
  header?: Header;
  /** Orientation to apply instead of the one in the bytes. */
  orientation?: number;
  /** The orientation, 2 to 8, by which the original's pixels are turned to be upright; absent if they are not turned. */
  turnedBy?: number;
  /** Pixels of the photo as displayed; `input` may have fewer (the preview inside a camera RAW). */
  width: number;
  height: number;
  /** Which picture of a TIFF file: a page, and a SubIFD of it. Default the first page itself. */
  page?: number;
  subIfd?: number;
  /** The meaning of the samples of a TIFF. Default `display`. */
  meaning?: SampleMeaning;
  /** Whether every error of the decoder makes the picture unusable: libtiff does not tell which of them leave pixels out. */
  isStrict?: boolean;
  /** Whether the pixels are in Display P3 after a conversion to sRGB. */
  isDisplayP3?: boolean;
  /** The meaning of the samples of `input`, instead of an ICC profile. */
  cicp?: Cicp;
  /** Bits of the samples that `cicp` describes. Default 8. */
  bitsPerSample?: 8 | 16;
  /** Whether libheif's own limits are lifted, since they would refuse a large photo for the number of its tiles. */
  unlimited?: boolean;
  /** Removes temporary files of the picture. Never throws. */
  release?: () => Promise<void>;
}

/**
 * The meaning of the samples of a picture:
 * - `display`: colours as screens show them, or of a space that libvips converts
 * - `light`: floating-point numbers in proportion to the light of a scene, where 1 is white
 * - the rest: CIE L*a*b* of the illuminant D50 in the notations of TIFF; `cielab` are those that libvips reads, 16 bits and float
 */
export type SampleMeaning = 'display' | 'light' | 'cielab' | 'cielab8' | 'icclab8' | 'icclab16' | 'itulab8';

/** Coding-independent code points (ITU-T H.273): the meaning of the samples of a picture. */
export interface Cicp {
  primaries: number;
  transfer: number;
  /** False: samples span the video range, 16 to 235 of 255. Default true. */
  fullRange?: boolean;
}

/** Limits of opening and rendering a picture. */
export interface Limits {
  maxPixels: number;
  /** For the decoding of one picture. */
  maxMemoryBytes: number;
  /** The longest side of the decoded pixels. */
  maxSide: number;
  timeoutMs: number;
}
