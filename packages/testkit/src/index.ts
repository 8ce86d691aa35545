export { type OpenedPage, type PageOptions, startBrowser, type TestBrowser } from './browser.js';
export { startClamd, type TestClamd } from './clamd.js';
export {
  createServiceKeys,
  createTokenIssuer,
  type ServiceKeys,
  type TokenIssuer,
  type TokenIssuerOptions,
} from './credentials.js';
export {
  describeWithBrowser,
  describeWithClamd,
  describeWithDisk,
  describeWithMinio,
  describeWithPostgres,
  describeWithRabbitMq,
  describeWithServers,
  describeWithTools,
} from './describe.js';
export { type EventuallyOptions, eventually, standsStill } from './eventually.js';
export { type Fault, type FaultEffect, type FaultProxy, startFaultProxy } from './fault-proxy.js';
export { type HttpOptions, type HttpReply, http, type Listening, listen } from './http.js';
export { startMinio, type TestMinio } from './minio.js';
export { freePort } from './port.js';
export { POSTGRES_URL, startTestPostgres, type TestPostgres } from './postgres.js';
export { type PowerCut, watchPowerCut } from './power-cut.js';
export { cleanEnvironment, type Exit, repository, run } from './programs.js';
export { startRabbitMq, type TestRabbitMq } from './rabbitmq.js';
export { type LogLine, type RecordingLogger, recordingLogger } from './recording-logger.js';
export { type RefusedWrites, refuseWrites } from './refuse-writes.js';
export {
  type ExpectedMetadata,
  ownSamplePhotos,
  type SamplePhoto,
  type SamplePhotos,
  samplePhotos,
} from './sample-photos.js';
export type { QueueLength } from './servers/server.js';
export type { TestServer } from './servers/start-server-process.js';
export type { ServerName } from './servers/test-run.js';
export { mountSmallDisk, type SmallDisk } from './small-disk.js';
export { CHUNK_BYTES, type OwnNode, type SharedNode, sharedNode, startOwnNode } from './suites-node.js';
export { startTcpProxy, type TcpProxy } from './tcp-proxy.js';
export { createTeardown, type Teardown } from './teardown.js';
export {
  countBytesRead,
  createTestDatabase,
  dropTestDatabase,
  type TestDatabase,
  waitForLocks,
} from './test-database.js';
export { buildTiff, type TiffOrder, type TiffPage, type TiffValue } from './tiff.js';
export { type DebianToolName, debianTool } from './tools/debian.js';
export type { ToolName } from './tools/find-tool.js';
export { type GoPlatform, type GoToolName, goTool } from './tools/go-tool.js';
export { type PythonToolName, pythonTool } from './tools/python-tool.js';
export { storedZip } from './zip.js';
