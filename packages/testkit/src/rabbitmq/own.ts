import { freePort } from '../port.js';
import type { OwnSource } from '../servers/messages.js';
import type { OwnServer } from '../servers/own-server.js';
import { ContainerRabbitMq } from './container.js';
import { DebianRabbitMq } from './debian.js';

/** A RabbitMQ of our own, not started yet. `folder` is for its data alone. */
export async function openRabbitMq(folder: string, source: OwnSource): Promise<OwnServer> {
  const port = await freePort();
  if (source.kind === 'docker') return new ContainerRabbitMq(source.image, port);
  const node = { port, epmdPort: await freePort(), nodePort: await freePort() };
  return new DebianRabbitMq(source.path, folder, node);
}
