import { z } from 'zod';

/** What `GET /` tells a client that is no browser. */
export const nodeDescription = z
  .object({
    name: z.literal('LazyPhotos'),
    version: z.string(),
    claimed: z
      .boolean()
      .optional()
      .meta({ description: 'whether the node has an owner; absent while the auth service does not respond' }),
    docs: z.string().meta({ description: 'the path of the documentation for people' }),
    openapi: z.string().meta({ description: 'the path of the OpenAPI document' }),
    health: z.string().meta({ description: 'the path that says whether the gateway runs' }),
    readiness: z.string().meta({ description: 'the path that says whether the node can serve' }),
  })
  .meta({ id: 'NodeDescription' });
export type NodeDescription = z.output<typeof nodeDescription>;
