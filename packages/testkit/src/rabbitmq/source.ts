import { existsSync } from 'node:fs';
import { hasImage } from '../servers/docker.js';
import type { Source } from '../servers/messages.js';
import { installDebianPackages, isDebianRoot } from '../tools/debian.js';
import { rabbitMqAnswers } from './probe.js';

/** The URL of a RabbitMQ to test with, instead of one of our own. */
export const RABBITMQ_URL = 'LAZYPHOTOS_TEST_RABBITMQ_URL';

const DEFAULT_URL = 'amqp://guest:guest@127.0.0.1:5672';
/** As in docker-compose.arm64.yml. */
export const RABBITMQ_IMAGE = 'rabbitmq:4.2.9';
/** Debian's /usr/sbin/rabbitmq-server insists on a system user; this is what it runs. */
const DEBIAN_PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** Looks for a RabbitMQ, and installs one where that is allowed. */
export async function findRabbitMq(): Promise<Source> {
  const given = process.env[RABBITMQ_URL];
  if (given) return { kind: 'shared', url: given };
  if (await rabbitMqAnswers(DEFAULT_URL)) return { kind: 'shared', url: DEFAULT_URL };
  if (await hasImage(RABBITMQ_IMAGE)) return { kind: 'docker', image: RABBITMQ_IMAGE };
  if (!existsSync(DEBIAN_PROGRAM)) {
    if (!isDebianRoot()) {
      const reason = `${RABBITMQ_URL} is not set, nobody listens on 5672, Docker does not answer, and Debian's rabbitmq-server is not installed`;
      return { kind: 'none', reason };
    }
    await installDebianPackages('RabbitMQ', ['rabbitmq-server']);
  }
  return { kind: 'program', path: DEBIAN_PROGRAM };
}
