import { run, step, succeeds } from '../tools/run.js';
import { type OwnServer, waitUntilReady } from './server.js';

export interface Container {
  url: string;
  image: string;
  /** The port that it listens on inside, and the one of this machine that leads there. */
  ports: { inside: number; here: number };
  otherPorts?: { inside: number; here: number }[];
  env: Record<string, string>;
  /** What the image's program gets. */
  args: string[];
  isReady(): Promise<boolean>;
}

/** Whether Docker's engine runs, and has the image or can fetch it. */
export async function hasImage(image: string): Promise<boolean> {
  if (!(await succeeds('docker', ['version', '--format', '{{.Server.Version}}']))) return false;
  if (await succeeds('docker', ['image', 'inspect', image])) return true;
  return step(`Fetching the image ${image}, once`, () => run('docker', ['pull', '--quiet', image])).then(
    () => true,
    () => false,
  );
}

/** A server in a container. It is removed with its data by end(), not when it stops: a restart finds its data. */
export class DockerServer implements OwnServer {
  readonly url: string;
  readonly #container: Container;
  #id: string | undefined;
  #runs = false;

  constructor(container: Container) {
    this.url = container.url;
    this.#container = container;
  }

  async start(): Promise<void> {
    if (this.#runs) return;
    if (this.#id) await run('docker', ['start', this.#id]);
    else this.#id = (await run('docker', runArguments(this.#container))).trim();
    this.#runs = true;
    const id = this.#id;
    await waitUntilReady(this.#container.isReady, async () => {
      const state = await run('docker', ['inspect', '--format', '{{.State.Running}}', id]);
      if (state.trim() === 'true') return undefined;
      return `${this.#container.image} ended:\n${await run('docker', ['logs', '--tail', '20', id])}`;
    });
  }

  async shutDown(): Promise<void> {
    if (this.#id && this.#runs) await run('docker', ['stop', this.#id]);
    this.#runs = false;
  }

  async kill(): Promise<void> {
    if (this.#id && this.#runs) await run('docker', ['kill', this.#id]);
    this.#runs = false;
  }

  async end(): Promise<void> {
    if (this.#id) await run('docker', ['rm', '--force', '--volumes', this.#id]);
    this.#id = undefined;
    this.#runs = false;
  }

  /** Runs a program inside and returns what it prints. */
  execute(args: string[]): Promise<string> {
    return run('docker', ['exec', this.#id ?? '', ...args]);
  }
}

function runArguments({ image, ports, otherPorts = [], env, args }: Container): string[] {
  const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const publish = [ports, ...otherPorts].flatMap(({ here, inside }) => [
    '--publish',
    `127.0.0.1:${here}:${inside}`,
  ]);
  return ['run', '--detach', ...publish, ...variables, image, ...args];
}
