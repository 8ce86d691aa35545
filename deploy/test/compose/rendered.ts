import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithTools, goTool, repository, run } from '@lazyphotos/testkit';
import { parse } from 'yaml';
import { createMachine, type Machine } from './set-up.js';

/** As much of what Compose makes of a file as the tests look at. */
export interface Rendered {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
  secrets: Record<string, { file: string }>;
}

export interface Service {
  image: string;
  platform?: string;
  entrypoint?: string[] | null;
  command?: string[] | null;
  user?: string;
  read_only?: boolean;
  restart?: string;
  cap_add?: string[];
  cap_drop?: string[];
  security_opt?: string[];
  mem_limit?: string;
  container_name?: string;
  profiles?: string[];
  build?: { args: { SERVICE: string } };
  environment?: Record<string, string | null>;
  healthcheck?: { test?: string[]; disable?: boolean };
  logging?: { driver: string; options: Record<string, string> };
  networks?: Record<string, unknown>;
  ports?: { target: number; published: string; host_ip?: string }[];
  secrets?: { source: string; target: string }[];
  volumes?: { type: string; source: string; target: string; read_only?: boolean }[];
  depends_on?: Record<string, { condition: string }>;
}

export interface ComposeNode extends Machine {
  /** What `docker compose config` prints, with these profiles, or with all. */
  render(profiles: '*' | readonly string[], env?: Record<string, string>): Promise<Rendered>;
}

/** For `beforeAll` of a suite that is described by `describeWithCompose`: a node as scripts/setup leaves it. */
export async function createComposeNode(): Promise<ComposeNode> {
  const compose = await goTool('docker-compose');
  const machine = await createMachine();
  await machine.forcedSetup();
  return {
    ...machine,
    render: async (profiles, env = {}) => {
      const chosen = [...profiles].flatMap((profile) => ['--profile', profile]);
      const args = ['--env-file', machine.envFile, ...chosen, 'config', '--format', 'json'];
      const { code, stdout, stderr } = await run(compose, args, env, repository);
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout) as Rendered;
    },
  };
}

export const describeWithCompose = (name: string, suite: () => void): void =>
  describeWithTools(['docker-compose'], name, suite);

export const composeFile = join(repository, 'docker-compose.arm64.yml');
export const composeText = readFileSync(composeFile, 'utf8');
/** The file as it stands, with its anchors resolved and its variables not. */
export const composeSource = parse(composeText, { merge: true, maxAliasCount: -1 });
