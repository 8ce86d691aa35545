import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { defineEndpoint, type Endpoint } from '@lazyphotos/contracts';
import { type Listening, type LogLine, listen, recordingLogger } from '@lazyphotos/testkit';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import {
  type Chassis,
  createAuthenticate,
  createMetrics,
  createServiceApp,
  type Dependencies,
  type Handler,
  type JsonWebKeySet,
  type ServiceApp,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from '../src/index.js';

/** A signing key as the auth service has it. */
export function createSigningKey(kid: string = randomUUID()) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
  const claims = () => ({ sub: randomUUID(), role: 'member', sid: randomUUID() });
  return {
    kid,
    publicKey,
    keySet: (): JsonWebKeySet => ({ keys: [jwk] }),
    token: (payload: object = claims(), options: jwt.SignOptions = {}): string =>
      jwt.sign(payload, privateKey, {
        algorithm: 'ES256',
        keyid: kid,
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
        expiresIn: 60,
        ...options,
      }),
    claims,
  };
}

export const saveNote = defineEndpoint({
  id: 'saveNote',
  service: 'catalog',
  method: 'post',
  path: '/notes/{id}',
  summary: 'Save a note',
  auth: 'none',
  params: z.object({ id: z.uuid() }),
  query: z.object({
    limit: z.string().regex(/^\d+$/).transform(Number).default(10),
    cursor: z.string().max(5).optional(),
  }),
  body: z.object({ text: z.string().min(1), tags: z.array(z.string()).max(2).default([]) }),
  success: { status: 201, body: z.object({ saved: z.string(), limit: z.number() }), description: 'Saved' },
});

export const whoAmI = defineEndpoint({
  id: 'whoAmI',
  service: 'catalog',
  method: 'get',
  path: '/me',
  summary: 'Who asks',
  auth: 'bearer',
  success: { status: 200, body: z.object({ userId: z.string() }), description: 'The user' },
});

export interface TestApp extends Listening {
  lines: LogLine[];
  metrics: Chassis['metrics'];
}

/** Serves an application that `mount` adds routes to. */
export async function serveApp(
  mount: (app: ServiceApp) => void,
  more: Partial<Chassis> & { dependencies?: Dependencies } = {},
): Promise<TestApp> {
  const { logger, lines } = recordingLogger();
  const metrics = createMetrics();
  const chassis: Chassis = {
    name: 'notes',
    version: '1.2.3',
    logger,
    metrics,
    authenticate: createAuthenticate(async () => ({ keys: [] })),
    validateAnswers: true,
    ...more,
  };
  const app = createServiceApp(chassis, more.dependencies ?? {});
  mount(app);
  return { ...(await listen(app.app)), lines, metrics };
}

export const serveEndpoint = <E extends Endpoint>(
  endpoint: E,
  handler: Handler<E>,
  more?: Partial<Chassis>,
) => serveApp((app) => app.mount(endpoint, handler), more);
