import { publishers, type Topology } from '@lazyphotos/contracts';
import { EVENTS_EXCHANGE, RETURNS_EXCHANGE } from './topology.js';

/** What a user of RabbitMQ may do: regular expressions for the names of exchanges and queues, and for routing keys by topic exchange. */
export interface BusRights {
  configure: string;
  write: string;
  read: string;
  topics: { exchange: string; write: string; read: string }[];
}

const NOTHING = '^$';

/**
 * Returns the rights of one service: to publish the events that it owns, to consume its own queues, and to give back what it consumed. It can
 * neither make nor remove queues, nor publish to a queue directly, since that has no rights by routing key.
 */
export function rightsOf(service: string, topology: Topology): BusRights {
  const types = Object.entries(publishers).flatMap(([type, owner]) => (owner === service ? [type] : []));
  const queues = Object.keys(topology).filter((queue) => queue.split('.')[0] === service);
  const exchanges = [
    ...(types.length > 0 ? [EVENTS_EXCHANGE] : []),
    ...(queues.length > 0 ? [RETURNS_EXCHANGE] : []),
  ];
  return {
    configure: NOTHING,
    write: oneOf(exchanges),
    read: oneOf(queues),
    topics: [
      { exchange: EVENTS_EXCHANGE, write: oneOf(types), read: NOTHING },
      { exchange: RETURNS_EXCHANGE, write: oneOf(queues, '(now|dead|[0-9]+s)\\.'), read: NOTHING },
    ],
  };
}

/** `prefix`: a regular expression. */
const oneOf = (names: readonly string[], prefix = ''): string =>
  names.length > 0 ? `^${prefix}(${names.map((name) => name.replaceAll('.', '\\.')).join('|')})$` : NOTHING;
