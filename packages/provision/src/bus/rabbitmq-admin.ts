import { reasonOf } from '@lazyphotos/database';
import type { BusRights } from '@lazyphotos/messaging';
import { ProvisionError } from '../errors.js';

const TIMEOUT_MS = 15_000;

export interface Account {
  name: string;
  password: string;
}

/**
 * The calls of RabbitMQ's HTTP API (management plugin) that are needed here; AMQP has none for users. Each may be repeated.
 * https://www.rabbitmq.com/docs/http-api-reference
 */
export class RabbitMqAdmin {
  readonly #apiUrl: string;
  readonly #admin: Account;
  readonly #virtualHost: string;

  constructor(apiUrl: string, admin: Account, virtualHost: string) {
    this.#apiUrl = apiUrl;
    this.#admin = admin;
    this.#virtualHost = virtualHost;
  }

  /** Makes the user, or changes its password; it is no administrator of anything. */
  putUser({ name, password }: Account): Promise<void> {
    return this.#put(`the user ${name}`, ['users', name], { password, tags: '' });
  }

  /** Gives a user these rights and no others. By routing key first, so that it never has more than these. */
  async putRights(user: string, { topics, ...rights }: BusRights): Promise<void> {
    for (const topic of topics)
      await this.#put(`the rights of ${user}`, ['topic-permissions', this.#virtualHost, user], topic);
    await this.#put(`the rights of ${user}`, ['permissions', this.#virtualHost, user], rights);
  }

  async #put(what: string, path: readonly string[], body: object): Promise<void> {
    const url = new URL(`api/${path.map(encodeURIComponent).join('/')}`, `${this.#apiUrl}/`);
    const { name, password } = this.#admin;
    const authorization = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const request = { method: 'PUT', headers, body: JSON.stringify(body) };
    const response = await send(url, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    if (response.ok) return;
    const isTemporary = response.status >= 500;
    throw new ProvisionError(`RabbitMQ refuses ${what}: status ${response.status}`, isTemporary);
  }
}

async function send(url: URL, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    const { cause = error } = error as { cause?: unknown };
    throw new ProvisionError(`RabbitMQ's HTTP API does not respond: ${reasonOf(cause)}`, true, error);
  }
}
