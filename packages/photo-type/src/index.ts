export type { ByteSource } from './bytes.js';
export { beginsAsJpeg, JPEG_START_BYTES, sniffFile, sniffStart, sniffTokenizer } from './sniff.js';
export { readDirectories, TIFF_TAG, type TiffDirectory } from './tiff.js';
