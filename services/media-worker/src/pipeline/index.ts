export { MediaError, type MediaErrorCode, ProcessorUnavailableError } from './errors.js';
export { createPipeline } from './pipeline.js';
export type {
  PhotoFile,
  PhotoMetadata,
  Pipeline,
  PipelineOptions,
  Preview,
  PreviewVariant,
  ProcessedPhoto,
} from './types.js';
