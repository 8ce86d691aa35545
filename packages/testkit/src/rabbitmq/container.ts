import { DockerServer } from '../servers/docker.js';
import type { QueueLength } from '../servers/own-server.js';
import { listQueues, TICK_ARGUMENT, USER, urlOf } from './common.js';
import { rabbitMqAnswers } from './probe.js';

/** The official image. */
export class ContainerRabbitMq extends DockerServer {
  constructor(image: string, port: number) {
    super({
      url: urlOf(port),
      image,
      ports: { inside: 5672, here: port },
      env: {
        RABBITMQ_DEFAULT_USER: USER,
        RABBITMQ_DEFAULT_PASS: USER,
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: TICK_ARGUMENT,
      },
      args: [],
      isReady: () => rabbitMqAnswers(urlOf(port)),
    });
  }

  queues(): Promise<QueueLength[]> {
    return listQueues((args) => this.execute(['rabbitmqctl', ...args]));
  }
}
