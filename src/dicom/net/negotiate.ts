/**
 * The acceptor's answer to proposed presentation contexts.
 * https://dicom.nema.org/medical/dicom/current/output/chtml/part08/sect_9.3.3.2.html
 */
import type { ContextReply, ProposedContext } from './pdu.ts';
import { storageClasses, transferSyntaxes, verification } from './storage-classes.ts';

export interface AcceptedContext {
  readonly id: number;
  readonly abstractSyntax: string;
  readonly transferSyntax: string;
}

function reply({ id, abstractSyntax, transferSyntaxes: proposed }: ProposedContext): ContextReply {
  // Some transfer syntax must stand in a refusal too; it has no meaning there (PS3.8 Table 9-18).
  const refused = { id, transferSyntax: proposed[0] ?? '' };
  if (abstractSyntax !== verification && !storageClasses.includes(abstractSyntax)) return { ...refused, result: 3 };
  const chosen = transferSyntaxes.find((uid) => proposed.includes(uid));
  return chosen === undefined ? { ...refused, result: 4 } : { id, result: 0, transferSyntax: chosen };
}

/** Each context is accepted with our most preferred transfer syntax that was proposed, or refused on its own. */
export function negotiate(proposed: readonly ProposedContext[]): readonly ContextReply[] {
  return proposed.map(reply);
}

/** What both sides now agree on, by presentation context id. */
export function agreed(
  proposed: readonly ProposedContext[],
  replies: readonly ContextReply[],
): ReadonlyMap<number, AcceptedContext> {
  const accepted = proposed.flatMap(({ id, abstractSyntax }) => {
    const answer = replies.find((one) => one.id === id && one.result === 0);
    return answer ? [[id, { id, abstractSyntax, transferSyntax: answer.transferSyntax }] as const] : [];
  });
  return new Map(accepted);
}
