export { type OpenedPage, type PageOptions, startBrowser, type TestBrowser } from './browser/browser.js';
export { startClamd, type TestClamd } from './clamd/start.js';
export {
  describeWithBrowser,
  describeWithClamd,
  describeWithMinio,
  describeWithPostgres,
  describeWithRabbitMq,
  describeWithServers,
  describeWithTools,
  type ServerName,
} from './describe.js';
export { type EventuallyOptions, eventually, standsStill } from './eventually.js';
export { type HttpOptions, type HttpReply, http, type Listening, listen } from './http.js';
export { startMinio, type TestMinio } from './minio/start.js';
export { freePort } from './port.js';
export { POSTGRES_URL } from './postgres/source.js';
export { startTestPostgres, type TestPostgres } from './postgres/start.js';
export { createTestDatabase, dropTestDatabase, type TestDatabase } from './postgres/test-database.js';
export { startRabbitMq, type TestRabbitMq } from './rabbitmq/start.js';
export {
  type ExpectedMetadata,
  ownSamplePhotos,
  type SamplePhoto,
  type SamplePhotos,
  samplePhotos,
} from './sample-photos.js';
export type { QueueLength } from './servers/own-server.js';
export type { TestServer } from './servers/test-server.js';
export { createServiceKeys, type ServiceKeys } from './service-keys.js';
export { buildTiff, type TiffOrder, type TiffPage, type TiffValue } from './tiff.js';
export { createTokenIssuer, type TokenIssuer, type TokenIssuerOptions } from './tokens.js';
export { type DebianToolName, debianTool } from './tools/debian-tool.js';
export { type GoPlatform, type GoToolName, goTool } from './tools/go-tool.js';
export type { ToolName } from './tools/prepare.js';
export { type PythonToolName, pythonTool } from './tools/python-tool.js';
