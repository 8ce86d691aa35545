import { Counter, type Metrics } from '@lazyphotos/service-kit';

export function createUploadMetrics({ registry }: Metrics) {
  const registers = [registry];
  return {
    bytes: new Counter({ name: 'lazyphotos_upload_bytes_total', help: 'Chunk bytes received', registers }),
    outcomes: new Counter({
      name: 'lazyphotos_uploads_total',
      help: 'Uploads by outcome: ok, duplicate, hash_mismatch, unsupported_media_type or malware_found',
      labelNames: ['outcome'],
      registers,
    }),
  };
}
