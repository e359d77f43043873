/** What a person has decided about an application before, and whether a new request needs to be put to them again. */
import type { Client } from 'oidc-provider';
import { allowedScope, type ResourceScope } from '../scopes.ts';

/** A decision: what it was about, and what was given of it. */
export interface Decision {
  readonly asked: readonly string[];
  readonly given: readonly string[];
}

const levels: readonly ResourceScope['level'][] = ['patient', 'user'];

/** What of `words` is within `wider`. */
const within = (words: readonly string[], wider: readonly string[]) =>
  allowedScope(words.join(' '), wider.join(' '), levels);

const covers = (wider: readonly string[], word: string) => within([word], wider).includes(word);

/**
 * What the person gave of these words when they decided about them, or about more. Undefined when there is a word among
 * them that they have never been asked about.
 */
export function remembered(asked: readonly string[], before: Decision | undefined): readonly string[] | undefined {
  if (!before || !asked.every((word) => covers(before.asked, word))) return undefined;
  return within(asked, before.given);
}

/** Both decisions in one: what was asked now counts as it was answered now, the rest as it was before. */
export function joined(before: Decision | undefined, now: Decision): Decision {
  const older = (words: readonly string[] = []) => words.filter((word) => !covers(now.asked, word));
  return { asked: [...older(before?.asked), ...now.asked], given: [...older(before?.given), ...now.given] };
}

/**
 * Whether the client could be impersonated: a program on the person's own machine is known by nothing but its id, and any
 * other program can wait at its redirect URI. https://www.rfc-editor.org/rfc/rfc8252#section-8.6
 */
export function isAskedEachTime(client: Client): boolean {
  return client.applicationType === 'native' && client.clientAuthMethod === 'none';
}
