import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeWithTools, goTool, pythonTool, repository, run } from '@lazyphotos/testkit';
import { parseAllDocuments } from 'yaml';
import { manifestsFolder, type Overlay } from './deployment.js';
import { type Manifest, type Workload, workloadsOf } from './manifests.js';

/** The oldest that the README promises, and the newest that the validator knows. */
const KUBERNETES_VERSIONS = ['1.32', '1.37'];
const KEDA_SCHEMA = fileURLToPath(new URL('keda.schema.json', import.meta.url));

export interface KubernetesTools {
  /** What `kubectl apply -k` would apply. `folder` is absolute. */
  render(folder: string): Promise<Manifest[]>;
  /** What is wrong with the objects, a line each: unknown fields count, and kinds that no schema is known for. */
  problems(manifests: readonly Manifest[]): Promise<string[]>;
}

/** For `beforeAll` of a suite that is described by `describeWithKubernetes`; may have to build them first. */
export async function kubernetesTools(): Promise<KubernetesTools> {
  return createTools(await goTool('kustomize'), await pythonTool('kubernetes-validate'));
}

/** For `beforeAll`: what `kubectl apply -k` would apply of an overlay, and which of it runs pods. */
export async function renderOverlay(
  overlay: Overlay,
): Promise<{ tools: KubernetesTools; all: Manifest[]; workloads: Workload[] }> {
  const tools = await kubernetesTools();
  const all = await tools.render(join(manifestsFolder, 'overlays', overlay));
  return { tools, all, workloads: workloadsOf(all) };
}

export const describeWithKubernetes = (name: string, suite: () => void): void =>
  describeWithTools(['kustomize', 'kubernetes-validate'], name, suite);

function createTools(kustomize: string, validator: string): KubernetesTools {
  const withFile = async <T>(content: string, use: (file: string) => Promise<T>): Promise<T> => {
    const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-k8s-'));
    try {
      const file = join(folder, 'manifests');
      await writeFile(file, content);
      return await use(file);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  const said = async (command: string, args: string[]): Promise<string[]> => {
    const { code, stdout, stderr } = await run(command, args, {});
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => /\S/.test(line));
    return code === 0 || lines.length > 0 ? lines : [`${command} ended with ${code}`];
  };
  const versions = KUBERNETES_VERSIONS.flatMap((version) => ['-k', version]);
  const checkBuiltIn = (all: Manifest[]) =>
    withFile(all.map((one) => `---\n${JSON.stringify(one)}\n`).join(''), (file) =>
      said(validator, [...versions, '--strict', '--quiet', file]),
    );
  const checkKeda = (one: Manifest) =>
    withFile(JSON.stringify(one), (file) =>
      said(join(dirname(validator), 'python3'), [
        '-W',
        'ignore',
        '-m',
        'jsonschema',
        '-i',
        file,
        KEDA_SCHEMA,
      ]),
    );

  return {
    render: async (folder) => {
      const { code, stdout, stderr } = await run(kustomize, ['build', folder], {}, repository);
      if (code !== 0) throw new Error(`kustomize: ${stderr}`);
      // Kubernetes reads YAML 1.1, where 0440 is octal and `on` is true.
      return parseAllDocuments(stdout, { version: '1.1' }).map((document) => document.toJS() as Manifest);
    },
    problems: async (manifests) => {
      const keda = manifests.filter(({ apiVersion }) => apiVersion.startsWith('keda.sh/'));
      const builtIn = manifests.filter((one) => !keda.includes(one));
      const found = await Promise.all([checkBuiltIn(builtIn), ...keda.map(checkKeda)]);
      return found.flat();
    },
  };
}
