export { type EventuallyOptions, eventually } from './eventually.js';
export { type HttpOptions, type HttpReply, http, type Listening, listen } from './http.js';
export { freePort } from './port.js';
export { describeWithPostgres } from './postgres/describe.js';
export { POSTGRES_URL, startTestServer, type TestServer } from './postgres/server.js';
export { createTestDatabase, dropTestDatabase, type TestDatabase } from './postgres/test-database.js';
export {
  type ExpectedMetadata,
  ownSamplePhotos,
  type SamplePhoto,
  type SamplePhotos,
  samplePhotos,
} from './sample-photos.js';
export { createTokenIssuer, type TokenIssuer, type TokenIssuerOptions } from './tokens.js';
