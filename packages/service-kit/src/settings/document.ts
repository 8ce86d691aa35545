import { type Setting, settingsCatalog } from './catalog.js';

function absentMeans(setting: Setting): string {
  if (setting.absent) return setting.absent;
  const result = setting.schema.safeParse(undefined);
  return result.success && result.data !== undefined ? `\`${String(result.data)}\`` : 'none';
}

/** docs/configuration.md, byte for byte. */
export function settingsDocument(): string {
  const rows = Object.values<Setting>(settingsCatalog).map(
    (setting) =>
      `| \`${setting.name}\` | ${setting.description}${setting.secret ? `. May be given as a file: \`${setting.name}_FILE\`` : ''} | ${absentMeans(setting)} |`,
  );
  return `<!-- Generated from the settings catalog by \`npm run generate:docs\`; not edited by hand. -->
# Configuration

Settings are environment variables. \`npm start\` also reads a \`.env\` file in the folder where it is started; the environment
wins over the file. A \`.env\` that \`scripts/setup\` wrote for the containers is left to them. An unknown or malformed setting
stops the start with a line that names it. An empty variable counts as absent.

| setting | meaning | default |
| --- | --- | --- |
${rows.join('\n')}

The \`lazyphotos\` command reads three variables of its own: \`LAZYPHOTOS_SERVER\` (the node's URL), \`LAZYPHOTOS_PASSWORD\` (instead
of a prompt) and \`LAZYPHOTOS_CONFIG_DIR\` (where it keeps its credentials).
`;
}
