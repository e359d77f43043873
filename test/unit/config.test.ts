/** The environment: every problem at once, a frozen result, and a page that is made of the same schema. */
import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, settings } from '../../src/config.ts';

function problems(env: Record<string, string>): string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.split('\n');
  }
}

/** docs/configuration.md, from the schema that parses the environment. */
function page(): string {
  const rows = Object.entries(settings.shape).map(([key, type]) => {
    const { success, data } = type.safeParse(undefined);
    const shown = success && data !== undefined ? `\`${String(data)}\`` : '';
    return `| \`${key}\` | ${shown} | ${type.description ?? ''} |`;
  });
  return [
    '# Configuration',
    '',
    'All of it is optional and comes from the environment. An unknown `LIVEDOC_` key or an invalid value stops the start,',
    'with every problem listed. This page is made from `src/config.ts` (`npx vitest run --project unit config -u` renews it).',
    '',
    '| key | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

describe('loadConfig', () => {
  it('has a default or an absence for every key', () => {
    expect(loadConfig({}).publicUrl).toBe('http://localhost:8080');
  });

  it('names every unknown key and every invalid value at once', () => {
    expect(problems({ LIVEDOC_PROT: '1', LIVEDOC_HTTP_PORT: '99999', LIVEDOC_LANG: 'de' })).toEqual([
      'LIVEDOC_PROT: no such setting',
      expect.stringMatching(/^LIVEDOC_HTTP_PORT: /),
      expect.stringMatching(/^LIVEDOC_LANG: /),
    ]);
  });

  it('takes an empty value as an absent one, as docker compose writes it', () => {
    expect(loadConfig({ DATABASE_URL: '', LIVEDOC_HTTP_PORT: '' }).LIVEDOC_HTTP_PORT).toBe(8080);
  });

  it.each([
    ['', ['ADMINISTRATEUR']],
    ['none', []],
    ['MEDECIN,ADMINISTRATEUR', ['MEDECIN', 'ADMINISTRATEUR']],
  ])('reads LIVEDOC_SECOND_FACTOR=%s as roles', (text, roles) => {
    expect(loadConfig({ LIVEDOC_SECOND_FACTOR: text }).LIVEDOC_SECOND_FACTOR).toEqual(roles);
  });

  it.each(['admin', 'MEDECIN,', 'none,MEDECIN', 'MEDECIN ADMINISTRATEUR'])(
    'refuses LIVEDOC_SECOND_FACTOR=%s',
    (text) => {
      expect(problems({ LIVEDOC_SECOND_FACTOR: text })).toEqual([expect.stringMatching(/^LIVEDOC_SECOND_FACTOR: /)]);
    },
  );

  it('freezes what it gives', () => {
    expect(Object.isFrozen(loadConfig({}))).toBe(true);
  });

  it('is described in docs/configuration.md', async () => {
    await expect(page()).toMatchFileSnapshot('../../docs/configuration.md');
  });
});
